--- config mailbox_messages=50

--- program app.test:main
local check = require("check")
local eq, fails, recv, exit_of = check.eq, check.fails, check.recv, check.exit_of

local HOST = "app:processes"

-- The main process's mailbox holds 50 messages.
local me = process.pid()

local function fill(topic)
    for i = 1, 50 do
        local ok, err = process.send(me, topic, i)
        assert(ok, "message " .. i .. " of 50 must fit, got " .. tostring(err))
    end
end

local function main()
    local inbox = process.inbox()
    fill("a")
    fails(errors.RATE_LIMITED, "message 51", process.send(me, "a", 51))
    fails(errors.RATE_LIMITED, "message 51 on another topic", process.send(me, "b", 51))
    local child = assert(process.spawn_monitored("app.test:sender", HOST, me))
    eq(exit_of(child).value, errors.RATE_LIMITED, "kind of a child's send to a full mailbox")

    -- one out, one in
    eq(recv(inbox):payload(), 1, "first message")
    assert(process.send(me, "a", "new"))
    fails(errors.RATE_LIMITED, "one more", process.send(me, "a", 52))
    for i = 2, 50 do eq(recv(inbox):payload(), i, "message in order") end
    eq(recv(inbox):payload(), "new", "the one that came later")
    local got = channel.select{inbox:case_receive(), default = true}
    eq(got.default, true, "nothing that was refused arrived; default")

    -- the limit counts all topics together, read or not
    local a, b = process.listen("a"), process.listen("b")
    for i = 1, 25 do
        assert(process.send(me, "a", i))
        assert(process.send(me, "b", i))
    end
    fails(errors.RATE_LIMITED, "message 51 over two topics", process.send(me, "c", 1))
    for i = 1, 25 do eq(recv(a), i, "a") eq(recv(b), i, "b") end

    -- again and again
    for _ = 1, 20 do
        fill("a")
        fails(errors.RATE_LIMITED, "message 51", process.send(me, "a", 51))
        for i = 1, 50 do eq(recv(a), i, "message in order") end
    end
end

return {main = main}

--- program app.test:sender
return {main = function(top)
    local ok, err = process.send(top, "a", "from a child")
    return ok and "sent" or err:kind()
end}
