--- program app.test:main
local check = require("check")
local eq, has, run = check.eq, check.has, check.run

-- How a process ends: the table of that name, one row after the other.
local function ends(how, ...)
    local result = run("app.test:ender", how, ...)
    assert(type(result) == "table", how .. ": EXIT must carry a result, got " .. tostring(result))
    return result
end

local function normal(how, value, ...)
    local result = ends(how, ...)
    eq(result.value, value, how .. ": value")
    assert(result.error == nil, how .. ": wanted no error, got " .. tostring(result.error))
end

local function abnormal(how, kind, part, ...)
    local result = ends(how, ...)
    assert(result.value == nil, how .. ": wanted no value, got " .. tostring(result.value))
    assert(result.error ~= nil, how .. ": wanted an error, got none")
    eq(result.error:kind(), kind, how .. ": kind of '" .. tostring(result.error) .. "'")
    has(result.error:message(), part, how .. ": message")
    return result.error
end

local function main()
    normal("returns a number", 42)
    normal("returns a float", 42.0)
    normal("returns false", false)
    normal("falls off the end", nil)
    normal("returns nil", nil)
    normal("returns 42, false", 42)
    normal("returns 42, nil", 42)
    normal("main returns first", "early")
    eq(ends("returns a table").value.deep.list[2], "b", "a table as value")

    local err = abnormal("returns nil, text", errors.INTERNAL, "no luck")
    eq(err:message(), "no luck", "the text is the whole message")
    abnormal("returns 42, text", errors.INTERNAL, "no luck either")
    abnormal("returns false, text", errors.INTERNAL, "false luck")

    err = abnormal("returns nil, error", errors.CONFLICT, "changed under us")
    eq(err:message(), "changed under us", "message")
    eq(err:retryable(), true, "retryable")
    eq(err:details().row, 7, "details")
    err = abnormal("returns 42, error", errors.NOT_FOUND, "absent")

    err = abnormal("raises", errors.INTERNAL, "boom")
    has(err:stack(), "raise_it", "the traceback names the function that raised")
    abnormal("raises deep", errors.INTERNAL, "deep down")
    abnormal("indexes nil", errors.INTERNAL, "attempt to index a nil value")
    err = abnormal("raises an error object", errors.RATE_LIMITED, "slow down")
    eq(err:details().after, "1s", "details of a raised error object")
    abnormal("raises in a coroutine", errors.INTERNAL, "spawned boom")
    abnormal("raises an error object in a coroutine", errors.TIMEOUT, "spawned timeout")
    abnormal("raises through coroutine.wrap", errors.INTERNAL, "wrapped boom")
    normal("error caught", "caught")
    normal("dead coroutine", "went on")

    abnormal("terminates itself", errors.CANCELED, "process terminated")
    abnormal("deadlock", errors.INTERNAL, "deadlock")
end

return {main = main}

--- program app.test:ender
local ways = {}
ways["returns a number"] = function() return 42 end
ways["returns a float"] = function() return 42.0 end
ways["returns false"] = function() return false end
ways["falls off the end"] = function() end
ways["returns nil"] = function() return nil end
ways["returns 42, false"] = function() return 42, false end
ways["returns 42, nil"] = function() return 42, nil end
ways["returns a table"] = function() return {deep = {list = {"a", "b"}}} end
ways["returns nil, text"] = function() return nil, "no luck" end
ways["returns 42, text"] = function() return 42, "no luck either" end
ways["returns false, text"] = function() return false, "false luck" end
ways["returns nil, error"] = function()
    return nil, errors.new{message = "changed under us", kind = errors.CONFLICT, retryable = true,
        details = {row = 7}}
end
ways["returns 42, error"] = function()
    return 42, errors.new{message = "absent", kind = errors.NOT_FOUND}
end
ways["raises"] = function()
    local function raise_it() error("boom") end
    raise_it()
    return 1
end
ways["raises deep"] = function()
    local function down(n) if n == 0 then error("deep down") end return 1 + down(n - 1) end
    return down(100)
end
ways["indexes nil"] = function() local t; return t.x end
ways["raises an error object"] = function()
    error(errors.new{message = "slow down", kind = errors.RATE_LIMITED, details = {after = "1s"}})
end
ways["raises in a coroutine"] = function()
    coroutine.spawn(function() error("spawned boom") end)
    process.inbox():receive()
end
ways["raises an error object in a coroutine"] = function()
    coroutine.spawn(function()
        error(errors.new{message = "spawned timeout", kind = errors.TIMEOUT})
    end)
    process.inbox():receive()
end
ways["raises through coroutine.wrap"] = function()
    coroutine.wrap(function() error("wrapped boom") end)()
end
ways["error caught"] = function()
    local ok = pcall(error, "x")
    return ok == false and "caught"
end
ways["dead coroutine"] = function()
    -- an ordinary coroutine that fails is its resumer's business
    local ok, err = coroutine.resume(coroutine.create(function() error("mine") end))
    return not ok and tostring(err):find("mine") and "went on"
end
ways["main returns first"] = function()
    coroutine.spawn(function() process.inbox():receive() end)
    local never = channel.new()
    coroutine.spawn(function() never:receive() end)
    coroutine.spawn(function() never:send(1) never:send(2) end)
    return "early"
end
ways["terminates itself"] = function()
    process.terminate(process.pid())
    return "still there"
end
ways["deadlock"] = function() channel.new():receive() end

return {main = function(how) return ways[how]() end}
