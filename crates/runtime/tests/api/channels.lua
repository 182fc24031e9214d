--- program app.test:main
local check = require("check")
local eq, raises, recv = check.eq, check.raises, check.recv

local function main()
    -- buffered: sends do not wait while there is room; order is kept
    local ch = channel.new(3)
    for i = 1, 3 do eq(ch:send(i), true, "send into a buffer") end
    for i = 1, 3 do
        local v, ok = recv(ch)
        eq(v, i, "received, in order")
        eq(ok, true, "ok")
    end

    -- nil and false pass
    ch:send(nil) ch:send(false)
    local v, ok = ch:receive()
    eq(v, nil, "a nil") eq(ok, true, "ok of a nil")
    v, ok = ch:receive()
    eq(v, false, "a false") eq(ok, true, "ok of a false")

    -- no copy: a channel is local to the process
    local t = {}
    ch:send(t)
    assert(ch:receive() == t, "a table must pass as itself, not as a copy")
    local f = function() return 7 end
    ch:send(f)
    eq(ch:receive()(), 7, "a function may pass")
    local inner = channel.new(1)
    ch:send(inner)
    assert(ch:receive() == inner, "a channel may pass through a channel")
    eq(type(channel.new()), "userdata", "type of a channel")

    -- full: the sender waits until there is room
    local trace, done = {}, channel.new(1)
    local small = channel.new(1)
    coroutine.spawn(function()
        for i = 1, 3 do
            small:send(i)
            trace[#trace + 1] = "sent " .. i
        end
        done:send(true)
    end)
    local started = channel.new()
    coroutine.spawn(function() started:send(true) end)
    recv(started)
    assert(#trace <= 1, "a sender must wait while the buffer is full, got " .. table.concat(trace, ", "))
    for i = 1, 3 do eq(recv(small), i, "through a small buffer") end
    recv(done, "the sender to end")
    eq(table.concat(trace, ", "), "sent 1, sent 2, sent 3", "what the sender did")

    -- rendezvous: a send waits for its receiver
    local meet = channel.new()
    local sent = false
    coroutine.spawn(function() meet:send("hello") sent = true done:send(true) end)
    local other = channel.new()
    coroutine.spawn(function() other:send(1) end)
    recv(other)
    eq(sent, false, "a rendezvous before anybody receives; sent")
    eq(recv(meet), "hello", "the value")
    recv(done)
    eq(sent, true, "after the receive; sent")
    local got = channel.select{meet:case_send("nobody"), default = true}
    eq(got.default, true, "nobody receives: a send would wait; default")
    assert(channel.new() ~= channel.new(), "two channels are two")
    eq(channel.new(0) ~= nil, true, "channel.new(0)")
    got = channel.select{channel.new(0):case_send(1), default = true}
    eq(got.default, true, "channel.new(0) has no buffer; default")

    -- close: what is buffered is still received, then nil, false, again and again
    ch = channel.new(5)
    ch:send("a") ch:send("b")
    ch:close()
    v, ok = ch:receive()
    eq(v, "a", "first after close") eq(ok, true, "its ok")
    v, ok = ch:receive()
    eq(v, "b", "second after close") eq(ok, true, "its ok")
    for _ = 1, 3 do
        v, ok = ch:receive()
        eq(v, nil, "drained") eq(ok, false, "ok when drained")
    end
    ch:close()
    raises("a send on a closed channel", "send on closed channel", ch.send, ch, 1)
    raises("and again", "send on closed channel", function() ch:send(nil) end)

    -- close wakes all receivers
    local wake = channel.new()
    local woken = channel.new(3)
    for _ = 1, 3 do
        coroutine.spawn(function()
            local value, k = wake:receive()
            woken:send(value == nil and k == false)
        end)
    end
    coroutine.spawn(function() wake:close() end)
    for i = 1, 3 do eq(recv(woken, "receiver " .. i), true, "a woken receiver got nil, false") end

    -- close makes blocked senders raise
    local stuck = channel.new()
    local raised = channel.new(2)
    for _ = 1, 2 do
        coroutine.spawn(function()
            local good, err = pcall(stuck.send, stuck, "x")
            raised:send(not good and tostring(err) or "returned")
        end)
    end
    coroutine.spawn(function() stuck:close() end)
    for _ = 1, 2 do
        local text = recv(raised, "a blocked sender")
        assert(text:find("send on closed channel"), "a blocked sender must raise, got: " .. text)
    end

    -- several receivers: each value goes to exactly one
    local work, results = channel.new(), channel.new(100)
    for w = 1, 4 do
        coroutine.spawn(function()
            while true do
                local job, open = work:receive()
                if not open then results:send("closed") return end
                results:send(job)
            end
        end)
    end
    coroutine.spawn(function()
        for i = 1, 60 do work:send(i) end
        work:close()
    end)
    local seen, closed = {}, 0
    for _ = 1, 64 do
        local r = recv(results)
        if r == "closed" then closed = closed + 1
        else
            assert(not seen[r], "value " .. tostring(r) .. " was received twice")
            seen[r] = true
        end
    end
    eq(closed, 4, "workers that saw the end")
    eq(#seen, 60, "values received")

    raises("channel.new of a string", "", channel.new, "x")
    raises("channel.new of a negative number", "", channel.new, -1)
    raises("receive on no channel", "", ch.receive, {})
end

return {main = main}
