--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, recv = check.eq, check.fails, check.raises, check.recv

local funcs = require("funcs")
local ctx = require("ctx")

local function main()
    -- call: the result, or the error, as process.call gives them
    eq(funcs.call("app.test:add", 1, 2), 3, "call")
    local t = funcs.call("app.test:echo", {a = {1, 2}}, nil, "x")
    eq(t.n, 3, "number of arguments") eq(t[1].a[2], 2, "a table") eq(t[2], nil, "a nil") eq(t[3], "x", "after it")
    local value, err = funcs.call("app.test:nothing")
    assert(value == nil and err == nil, "a function without a result")
    err = fails(errors.CONFLICT, "a function that returns an error", funcs.call("app.test:refuse"))
    eq(err:details().field, "name", "its details")
    err = fails(errors.INTERNAL, "a function that raises", funcs.call("app.test:raise"))
    assert(tostring(err):find("boom", 1, true), "its message: " .. tostring(err))
    fails(errors.NOT_FOUND, "a function that is not there", funcs.call("app.test:missing"))
    fails(errors.INVALID, "an id that is none", funcs.call("add"))
    fails(errors.INVALID, "nothing", funcs.call())
    raises("a table", "string expected, got table", funcs.call, {})
    err = fails(errors.INVALID, "an argument that can't be sent", funcs.call("app.test:add", {f = print}))
    assert(err:message():find("arguments", 1, true), "it must say where: " .. err:message())

    -- async: several at once
    local futures = {}
    for i = 1, 20 do futures[i] = assert(funcs.async("app.test:slow_add", i, 100)) end
    for i = 20, 1, -1 do eq(futures[i]:await(), i + 100, "future " .. i) end
    eq(futures[1]:await(), 101, "await again")
    eq(futures[1]:is_done(), true, "is_done")
    fails(errors.CONFLICT, "a future of an error", assert(funcs.async("app.test:refuse")):await())
    fails(errors.NOT_FOUND, "async of what is not there", funcs.async("app.test:missing"))
    fails(errors.INVALID, "async of nothing", funcs.async())

    -- several coroutines wait for one
    local future = funcs.async("app.test:slow_add", 1, 1)
    local results = channel.new()
    for i = 1, 3 do coroutine.spawn(function() results:send(future:await()) end) end
    for i = 1, 3 do eq(recv(results), 2, "coroutine " .. i) end

    -- the channel yields the result once
    future = funcs.async("app.test:slow_add", 2, 2)
    local ch = future:channel()
    eq(future:channel(), ch, "one channel")
    local got = recv(ch, "the result")
    eq(got.value, 4, "value") eq(got.error, nil, "error")
    local _, ok = recv(ch)
    eq(ok, false, "then it is closed")
    future = funcs.async("app.test:refuse")
    future:await()
    got = recv(future:channel(), "the result of a future that is done")
    eq(got.error:kind(), errors.CONFLICT, "its error")

    -- await with a timeout goes on waiting later
    future = funcs.async("app.test:sleep", "40ms")
    eq(future:is_done(), false, "is_done at once")
    fails(errors.TIMEOUT, "await of 1 ms", future:await("1ms"))
    eq(future:await("5s"), "slept", "await again")
    fails(errors.INVALID, "await of no duration", funcs.async("app.test:sleep", "1ms"):await("soon"))

    -- cancel ends the process of the function
    future = funcs.async("app.test:named_sleep", "sleeper")
    local deadline = time.now() + 5000000000
    while not process.registry.lookup("sleeper") and time.now() < deadline do time.sleep("1ms") end
    local waiter = channel.new()
    coroutine.spawn(function() local _, e = future:await() waiter:send(e) end)
    time.sleep("1ms")
    eq(future:cancel(), true, "cancel")
    eq(recv(waiter, "who waits"):kind(), errors.CANCELED, "who waits for it")
    eq(future:is_done(), true, "is_done of a cancelled one")
    fails(errors.CANCELED, "await of a cancelled one", future:await())
    eq(future:cancel(), false, "cancel again")
    eq(recv(future:channel()).error:kind(), errors.CANCELED, "its channel")
    while process.registry.lookup("sleeper") and time.now() < deadline do time.sleep("1ms") end
    eq(process.registry.lookup("sleeper"), nil, "the process has ended")
    future = funcs.async("app.test:add", 1, 1)
    future:await()
    eq(future:cancel(), false, "cancel of one that is done")
    eq(future:await(), 2, "it keeps its result")

    -- an executor: context and timeout; each method makes another one
    local base = funcs.new()
    eq(base:call("app.test:add", 1, 2), 3, "call of an executor")
    local with = base:with_context{request = "r1"}:with_context{more = 1}
    eq(with:call("app.test:context").request, "r1", "context")
    eq(with:async("app.test:context"):await().more, 1, "context of a future")
    eq(base:call("app.test:context").request, nil, "the first one is as it was")
    local brief = base:with_timeout("10ms")
    fails(errors.TIMEOUT, "a call that takes too long", brief:call("app.test:named_sleep", "second"))
    fails(errors.TIMEOUT, "a future that takes too long", brief:async("app.test:named_sleep", "third"):await())
    deadline = time.now() + 5000000000
    for _, name in ipairs{"second", "third"} do
        while process.registry.lookup(name) and time.now() < deadline do time.sleep("1ms") end
        eq(process.registry.lookup(name), nil, name .. " has ended")
    end
    eq(base:with_timeout("5s"):call("app.test:sleep", "1ms"), "slept", "a call in time")
    fails(errors.INVALID, "a timeout that is none", base:with_timeout("soon"))
    raises("context that is none", "table expected", base.with_context, base, 1)
    raises("context that can't be sent", "context.f", base.with_context, base, {f = print})
    raises("an actor that is none", "actor expected", base.with_actor, base, {})
    raises("a scope that is none", "scope expected", base.with_scope, base, {})
    raises("a call of something else", "", base.call, {}, "app.test:add")

    -- it runs on the caller's process host, and as deep as you like
    eq(funcs.call("app.test:where"):match("^{(.-)|"), process.pid():match("^{(.-)|"), "process host")
    eq(funcs.call("app.test:deep", 5), 5, "functions that call functions")
end

return {main = main}

--- program app.test:add
return {main = function(a, b) return a + b end}
--- program app.test:slow_add
local time = require("time")
return {main = function(a, b) time.sleep("2ms") return a + b end}
--- program app.test:echo
return {main = function(...) return table.pack(...) end}
--- program app.test:nothing
return {main = function() end}
--- program app.test:refuse
return {main = function()
    return nil, errors.new{kind = errors.CONFLICT, message = "taken", details = {field = "name"}}
end}
--- program app.test:raise
return {main = function() error("boom") end}
--- program app.test:sleep
local time = require("time")
return {main = function(d) time.sleep(d) return "slept" end}
--- program app.test:named_sleep
local time = require("time")
return {main = function(name) process.registry.register(name) time.sleep("1h") end}
--- program app.test:context
local ctx = require("ctx")
return {main = function() return ctx.all() end}
--- program app.test:where
return {main = function() return process.pid() end}
--- program app.test:deep
local funcs = require("funcs")
return {main = function(n)
    if n == 0 then return 0 end
    return funcs.call("app.test:deep", n - 1) + 1
end}
