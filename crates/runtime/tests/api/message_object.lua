--- program app.test:main
local check = require("check")
local eq, raises, recv = check.eq, check.raises, check.recv

local HOST = "app:processes"

local function main()
    local me = process.pid()
    local inbox = process.inbox()

    assert(process.send(me, "greeting", "hello"))
    local message = recv(inbox)
    eq(message:topic(), "greeting", "topic")
    eq(message:from(), me, "from, sent by ourselves")
    eq(message:payload(), "hello", "payload, the value itself")
    eq(message:payload(), "hello", "payload asked twice")
    eq(message:topic(), "greeting", "topic asked twice")

    assert(process.send(me, "t", {list = {1}}))
    message = recv(inbox)
    assert(message:payload() == message:payload(), "a table payload is one table, not a new copy per call")
    message:payload().list[2] = 2
    eq(#message:payload().list, 2, "a change of the payload stays in the message")

    assert(process.send(me, "none"))
    message = recv(inbox)
    eq(message:payload(), nil, "payload of a message without values")
    eq(message:topic(), "none", "its topic")
    assert(process.send(me, "many", 1, nil, "three"))
    local payload = recv(inbox):payload()
    eq(payload[1], 1, "first of several")
    eq(payload[2], nil, "second of several")
    eq(payload[3], "three", "third of several")
    assert(process.send(me, "falsehood", false))
    eq(recv(inbox):payload(), false, "payload false")

    -- long and odd topics
    for _, topic in ipairs{"a", "a.b/c d", "ünï", ("t"):rep(255), "1", "with\0zero"} do
        assert(process.send(me, topic, topic))
        message = recv(inbox)
        eq(message:topic(), topic, "topic of " .. #topic .. " bytes")
        eq(message:payload(), topic, "payload under that topic")
    end

    -- the sender is the process that sent, not the one that started it or owns the name
    local pid = assert(process.spawn("app.test:sender", HOST, me))
    message = recv(inbox, "the child's message")
    eq(message:from(), pid, "from, sent by a child")
    assert(process.send(message:from(), "reply", "thanks"))
    eq(recv(inbox, "the child's answer"):payload(), "got thanks from " .. me, "an answer to from()")

    -- an object kept for later keeps its contents
    local kept = {}
    for i = 1, 10 do assert(process.send(me, "t" .. i, {i})) end
    for i = 1, 10 do kept[i] = recv(inbox) end
    collectgarbage()
    for i = 1, 10 do
        eq(kept[i]:topic(), "t" .. i, "topic of kept message " .. i)
        eq(kept[i]:payload()[1], i, "payload of kept message " .. i)
    end

    raises("a method that does not exist", "", function() return message:no_such_method() end)
end

return {main = main}

--- program app.test:sender
return {main = function(top)
    process.send(top, "from a child", 1)
    local reply = process.inbox():receive()
    process.send(reply:from(), "answer", "got " .. reply:payload() .. " from " .. reply:from())
end}
