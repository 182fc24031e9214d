--- program app.test:main
local check = require("check")
local eq, fails, raises, has, recv, good =
    check.eq, check.fails, check.raises, check.has, check.recv, check.good

local events = process.events()

local HOST = "app:processes"

-- Functions, coroutines and other userdata are refused, naming the path of the offending value.
local me = process.pid()

local function refused(text, ...)
    local err = fails(errors.INVALID, "send of " .. text, process.send(me, "bad", ...))
    eq(err:message(), text, "message")
end

local function main()
    refused("payload[2].handlers.on_done: cannot send a function", 1, {handlers = {on_done = function() end}})
    refused("payload[1].x: cannot send a function", {x = print}, 2)
    refused("payload[3]: cannot send a function", 1, nil, function() end)
    refused("payload[2].list[3]: cannot send a function", 0, {list = {1, 2, print}})
    refused("payload[2].a.b.c.d: cannot send a function", 0, {a = {b = {c = {d = string.rep}}}})
    refused("payload[2][1][1]: cannot send a function", 0, {{main}})

    -- the other kinds; how they are called is left open, the path is not
    local thread = coroutine.create(function() end)
    for name, value in pairs{coroutine = thread, channel = channel.new(), inbox = process.inbox(),
        events = process.events()} do
        local err = fails(errors.INVALID, "send of a " .. name, process.send(me, "bad", 1, {it = value}))
        has(err, "payload[2].it: cannot send a", "message for a " .. name)
        fails(errors.INVALID, "send of a bare " .. name, process.send(me, "bad", value))
    end
    fails(errors.INVALID, "a function as key", process.send(me, "bad", {[print] = 1}))
    fails(errors.INVALID, "a coroutine as key", process.send(me, "bad", {[thread] = 1}))
    fails(errors.INVALID, "a function after a cycle", (function()
        local t = {}
        t.t, t.f = t, print
        return process.send(me, "bad", t)
    end)())

    -- everywhere else where values cross: arguments, context, with_message, results
    local pid, err = process.spawn("app.test:sitter", HOST, {f = print})
    err = fails(errors.INVALID, "spawn with a function", pid, err)
    has(err, "cannot send a function", "spawn")
    err = fails(errors.INVALID, "call with a function", process.call("app.test:sitter", HOST, print))
    has(err, "cannot send a function", "call")
    raises("with_context of a function", "function", process.with_context, {f = print})
    raises("with_message of a function", "function", function()
        return process.with_context{}:with_message("t", print)
    end)
    local value
    value, err = process.call("app.test:returns_function", HOST)
    eq(value, nil, "value of a program that returns a function")
    has(err, "cannot send a function", "its error")
    value, err = process.upgrade(nil, {f = print})
    err = fails(errors.INVALID, "upgrade with a function", value, err)
    has(err, "cannot send a function", "upgrade")

    -- values that look odd and are fine
    assert(process.send(me, "good", setmetatable({}, {__index = print})))
    assert(process.send(me, "good", {[1.5] = {}, [""] = false}))
    assert(process.send(me, "good", errors.new("e")))

    -- and nothing of what was refused arrived
    for i = 1, 3 do
        local message = recv(process.inbox(), "good message " .. i)
        eq(message:topic(), "good", "topic of message " .. i)
    end
end

return {main = main}

--- program app.test:sitter
return {main = function() process.inbox():receive() end}

--- program app.test:returns_function
return {main = function() return function() end end}
