--- program app.test:main
local time = require("time")
local check = require("check")
local eq, raises, has, recv, run = check.eq, check.raises, check.has, check.recv, check.run

local function main()
    -- arguments; order of a plain ping-pong
    local out = channel.new(10)
    coroutine.spawn(function(...) out:send(table.pack(...)) end, 1, nil, "three")
    local got = recv(out)
    eq(got.n, 3, "number of arguments")
    eq(got[1], 1, "first") eq(got[2], nil, "second") eq(got[3], "three", "third")

    -- they share the process's state
    local counter = 0
    local done = channel.new()
    for _ = 1, 100 do
        coroutine.spawn(function()
            counter = counter + 1
            done:send(true)
        end)
    end
    for i = 1, 100 do recv(done, "coroutine " .. i) end
    eq(counter, 100, "what a hundred coroutines counted")

    -- nested
    coroutine.spawn(function()
        coroutine.spawn(function()
            coroutine.spawn(function() out:send("innermost") end)
        end)
    end)
    eq(recv(out), "innermost", "spawned by a spawned one")

    -- one that waits does not stop the others; each may wait for messages
    local me = process.pid()
    coroutine.spawn(function() out:send("got " .. process.listen("a"):receive()) end)
    coroutine.spawn(function() out:send("got " .. process.listen("b"):receive()) end)
    assert(process.send(me, "b", "b"))
    eq(recv(out), "got b", "the second waiter")
    assert(process.send(me, "a", "a"))
    eq(recv(out), "got a", "the first waiter")

    -- a long computation in one does not starve the others
    local ticks = channel.new(1)
    local stop = false
    coroutine.spawn(function()
        for _ = 1, 5 do time.sleep("1ms") end
        ticks:send(true)
    end)
    coroutine.spawn(function()
        local x = 0
        for i = 1, 300000 do x = x + i end
        stop = x > 0
        out:send("computed")
    end)
    recv(ticks, "the one that sleeps")
    eq(recv(out), "computed", "the one that computes")
    eq(stop, true, "it ran to its end")

    -- ordinary coroutines stay ordinary
    local co = coroutine.create(function(x)
        local y = coroutine.yield(x + 1)
        return y * 2
    end)
    eq(coroutine.status(co), "suspended", "status before")
    eq(select(2, coroutine.resume(co, 1)), 2, "first resume")
    eq(select(2, coroutine.resume(co, 10)), 20, "second resume")
    eq(coroutine.status(co), "dead", "status after")
    eq(coroutine.resume(co), false, "resume of a dead one")
    local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
    eq(gen(), 1, "wrap 1") eq(gen(), 2, "wrap 2") eq(gen(), 3, "wrap 3")
    coroutine.spawn(function()
        local inner = coroutine.wrap(function() coroutine.yield("yielded") end)
        out:send(inner())
    end)
    eq(recv(out), "yielded", "an ordinary coroutine inside a spawned one")

    -- two with the same function are two
    local function worker(n) for i = 1, n do out:send(n * 100 + i) end done:send(n) end
    coroutine.spawn(worker, 2)
    coroutine.spawn(worker, 3)
    local sum, ended = 0, 0
    while ended < 2 do
        local r = channel.select{out:case_receive(), done:case_receive(), time.after("5s"):case_receive()}
        assert(r.channel == out or r.channel == done, "timed out waiting for the workers")
        if r.channel == out then sum = sum + r.value else ended = ended + 1 end
    end
    eq(sum, 201 + 202 + 301 + 302 + 303, "sum of what both sent")

    raises("spawn of a number", "", coroutine.spawn, 5)

    -- an uncaught error in any of them ends the process; main's return ends them
    local result = run("app.test:failing")
    eq(result.value, nil, "value after a coroutine failed")
    has(result.error, "coroutine failed", "error of a coroutine")
    has(result.error:stack(), "culprit", "its traceback")
    result = run("app.test:returning", me)
    eq(result.value, "main is done", "value when main returns first")
    eq(result.error, nil, "error when main returns first")
    got = channel.select{process.listen("ghost"):case_receive(), default = true}
    eq(got.default, true, "coroutines end with main; default")
end

return {main = main}

--- program app.test:failing
return {main = function()
    coroutine.spawn(function()
        local function culprit() error("coroutine failed") end
        culprit()
        return 1
    end)
    process.inbox():receive()
end}

--- program app.test:returning
return {main = function(top)
    local go = channel.new()
    coroutine.spawn(function()
        go:send(true)
        process.listen("never"):receive()
        process.send(top, "ghost", "I ran on")
    end)
    coroutine.spawn(function() while true do process.listen("tick"):receive() end end)
    go:receive()
    return "main is done"
end}
