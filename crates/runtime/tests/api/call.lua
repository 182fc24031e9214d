--- program app.test:main
local check = require("check")
local eq, fails, has, recv = check.eq, check.fails, check.has, check.recv

local function within(f, ...)
    local done, arguments = channel.new(1), table.pack(...)
    coroutine.spawn(function()
        done:send(table.pack(f(table.unpack(arguments, 1, arguments.n))))
    end)
    local results = recv(done, "a call to return")
    return table.unpack(results, 1, results.n)
end

local events = process.events()

local HOST = "app:processes"

local function call(...)
    return within(process.call, "app.test:callee", HOST, ...)
end

local function main()
    -- results
    local value, err = call("double", 21)
    eq(value, 42, "value")
    eq(err, nil, "second result")
    value, err = call("nothing")
    eq(value, nil, "value of one that returns nothing")
    eq(err, nil, "its second result")
    value, err = call("echo", {list = {1, nil, 3}, f = 1.0})
    eq(value.list[3], 3, "a table as value")
    eq(value.f, 1.0, "a float in it")
    eq(call("falsehood"), false, "false as value")
    eq(select(2, call("falsehood")), nil, "with no error")
    eq(call("count", nil, nil, 3), 4, "nils keep their place among the arguments")
    eq(call("who"), "app.test:callee", "the callee is a process of its own program")

    -- failures
    err = fails(errors.INTERNAL, "an error in the callee", call("raise"))
    has(err, "callee failed", "message")
    err = fails(errors.CONFLICT, "an error object returned", call("return error"))
    eq(err:details().row, 7, "its details")
    eq(err:retryable(), true, "its retryable")
    err = fails(errors.INTERNAL, "a text as second value", call("return text"))
    eq(err:message(), "just text", "message")
    err = fails(errors.CANCELED, "a callee that is terminated", call("terminate"))
    has(err, "process terminated", "message")
    fails(errors.NOT_FOUND, "an unknown program", process.call("app.test:absent", HOST))

    -- exec is the same
    eq(within(process.exec, "app.test:callee", HOST, "double", 4), 8, "exec")
    fails(errors.NOT_FOUND, "exec of an unknown program", process.exec("app.test:absent", HOST))

    -- no event of the callee's end is seen
    local pid = assert(process.spawn_monitored("app.test:callee", HOST, "nothing"))
    eq(recv(events, "the first event").from, pid, "the first event is no callee's")

    -- the caller's other coroutines go on, and calls may overlap
    local done = channel.new(20)
    for i = 1, 20 do
        coroutine.spawn(function() done:send(i * 2 - process.call("app.test:callee", HOST, "double", i)) end)
    end
    for i = 1, 20 do eq(recv(done, "overlapping call " .. i), 0, "result of an overlapping call") end
    local meanwhile = channel.new()
    coroutine.spawn(function()
        process.call("app.test:callee", HOST, "tell and wait", process.pid())
        meanwhile:send("called")
    end)
    local callee = recv(process.listen("callee"), "the callee's PID")
    assert(callee ~= process.pid(), "the callee must have a PID of its own")
    local got = channel.select{meanwhile:case_receive(), default = true}
    eq(got.default, true, "the call waits while this coroutine runs; default")
    assert(process.send(callee, "go on"))
    eq(recv(meanwhile, "the call to return"), "called", "the call that waited")

    -- a callee may call; nested
    eq(call("factorial", 5), 120, "nested calls")

    -- when the caller ends, however it does, the callee is terminated
    for _, how in ipairs{"terminated", "fails", "returns"} do
        local caller = assert(process.spawn_monitored("app.test:caller", HOST, process.pid()))
        callee = recv(process.listen("callee"), "the callee's PID")
        assert(process.monitor(callee))
        if how == "terminated" then assert(process.terminate(caller))
        else assert(process.send(caller, how)) end
        local ended = {}
        for _ = 1, 2 do
            local event = recv(events, "EXITs after the caller " .. how)
            ended[event.from] = event.result
        end
        assert(ended[caller], how .. ": EXIT of the caller")
        assert(ended[callee], how .. ": EXIT of the callee")
        has(ended[callee].error, "process terminated", how .. ": error of the callee")
    end
end

return {main = main}

--- program app.test:callee
local ways = {}
function ways.double(n) return n * 2 end
function ways.nothing() end
function ways.echo(v) return v end
function ways.falsehood() return false end
function ways.count(...) assert(select(3, ...) == 3) return select("#", ...) + 1 end
function ways.who() return process.id() end
function ways.raise() error("callee failed") end
ways["return error"] = function()
    return nil, errors.new{message = "m", kind = errors.CONFLICT, retryable = true, details = {row = 7}}
end
ways["return text"] = function() return nil, "just text" end
function ways.terminate() process.terminate(process.pid()) end
ways["tell and wait"] = function(top)
    process.send(top, "callee", process.pid())
    process.inbox():receive()
end
function ways.factorial(n)
    if n <= 1 then return 1 end
    return n * assert(process.call("app.test:callee", "app:processes", "factorial", n - 1))
end
return {main = function(how, ...) return ways[how](...) end}

--- program app.test:caller
return {main = function(top)
    coroutine.spawn(function() process.call("app.test:callee", "app:processes", "tell and wait", top) end)
    if process.inbox():receive():topic() == "fails" then error("caller failed") end
end}
