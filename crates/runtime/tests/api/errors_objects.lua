--- program app.test:main
local check = require("check")
local eq, raises, has = check.eq, check.raises, check.has

local CONSTANTS = {
    NOT_FOUND = "NotFound", ALREADY_EXISTS = "AlreadyExists", INVALID = "Invalid",
    PERMISSION_DENIED = "PermissionDenied", UNAVAILABLE = "Unavailable", INTERNAL = "Internal",
    CANCELED = "Canceled", CONFLICT = "Conflict", TIMEOUT = "Timeout", RATE_LIMITED = "RateLimited",
    UNKNOWN = "Unknown",
}

local function main()
    for name, kind in pairs(CONSTANTS) do
        eq(errors[name], kind, "errors." .. name)
        eq(errors.new{message = "m", kind = errors[name]}:kind(), kind, "kind of an error made with " .. name)
    end

    -- from a text
    local plain = errors.new("plain text")
    eq(type(plain), "userdata", "type of an error")
    eq(plain:message(), "plain text", "message()")
    eq(tostring(plain), "plain text", "tostring")
    eq(type(plain:kind()), "string", "type of kind() of an error without one")
    eq(plain:details(), nil, "details() of an error without any")
    assert(not plain:retryable(), "an error made from a text must not be retryable")

    -- from a table
    local full = errors.new{message = "full", kind = errors.TIMEOUT, retryable = true,
        details = {limit = "x", nested = {1, 2}}}
    eq(full:message(), "full", "message()")
    eq(full:kind(), "Timeout", "kind()")
    eq(full:retryable(), true, "retryable()")
    eq(full:details().limit, "x", "details()")
    eq(full:details().nested[2], 2, "nested details()")
    eq(errors.new{message = "m", kind = "Invalid", retryable = false}:retryable(), false, "retryable = false")

    -- wrap keeps kind, retryable and details
    local wrapped = errors.wrap(full, "while testing")
    eq(wrapped:kind(), "Timeout", "kind of a wrapped error")
    eq(wrapped:retryable(), true, "retryable of a wrapped error")
    eq(wrapped:details().limit, "x", "details of a wrapped error")
    has(wrapped:message(), "while testing", "message of a wrapped error")
    has(wrapped:message(), "full", "message of a wrapped error")
    eq(full:message(), "full", "the wrapped one is not changed")
    local twice = errors.wrap(wrapped, "again")
    eq(twice:kind(), "Timeout", "kind of an error wrapped twice")
    has(twice, "while testing", "text of an error wrapped twice")
    has(twice, "again", "text of an error wrapped twice")

    -- is
    eq(errors.is(full, errors.TIMEOUT), true, "is, the right kind")
    eq(errors.is(full, errors.INVALID), false, "is, another kind")
    eq(errors.is(wrapped, "Timeout"), true, "is, a wrapped error")
    eq(errors.is(nil, errors.TIMEOUT), false, "is, of nil")
    eq(errors.is("text", errors.TIMEOUT), false, "is, of a string")
    eq(errors.is({kind = "Timeout"}, errors.TIMEOUT), false, "is, of a table")

    -- as text
    eq("got " .. full, "got full", "string .. error")
    eq(full .. " stop", "full stop", "error .. string")
    eq(full .. plain, "fullplain text", "error .. error")
    eq(full .. 1, "full1", "error .. number")
    eq(string.upper(full), "FULL", "string.upper")
    eq(string.find(full, "ll"), 3, "string.find")
    eq(string.len(full), 4, "string.len")
    eq(string.sub(full, 1, 2), "fu", "string.sub")
    eq(string.match(plain, "(%a+)$"), "text", "string.match")
    eq(string.format("%s|%5s", full, full), "full| full", "string.format")
    eq((string.gsub(full, "l", "L")), "fuLL", "string.gsub")
    eq(string.rep(full, 2), "fullfull", "string.rep")

    -- raised and caught it is the same object
    local ok, caught = pcall(error, full)
    eq(ok, false, "pcall of error(err)")
    assert(caught == full, "the caught object must be the raised one")
    local function thrower() error(full) end
    ok, caught = pcall(thrower)
    eq(caught:kind(), "Timeout", "kind of a caught error")
    ok, caught = xpcall(thrower, function(e) return errors.wrap(e, "handled") end)
    has(caught, "handled", "an error wrapped by a message handler")
    ok, caught = pcall(function() assert(nil, full) end)
    assert(caught == full, "assert passes the object on")

    -- stacks
    local function made_here() return errors.new("with stack") end
    local err = made_here()
    eq(type(err:stack()), "string", "type of stack()")
    assert(errors.call_stack(err) ~= nil, "call_stack of an error must be something")
    assert(errors.call_stack(nil) == nil, "call_stack of nil must be nil")

    -- those of the API are such objects
    local _, notfound = process.send("nobody", "t")
    eq(type(notfound), "userdata", "type of an error of the API")
    eq(errors.is(notfound, errors.NOT_FOUND), true, "is, for an error of the API")
    eq(notfound:message(), tostring(notfound), "message() and tostring")
    eq(type(notfound:stack()), "string", "type of stack() of an error of the API")

    -- as table keys and in comparisons: objects
    local t = {[full] = 1}
    eq(t[full], 1, "an error as a key")
    assert(errors.new("a") ~= errors.new("a"), "two errors with the same text are two objects")
    assert(full ~= "full", "an error is not equal to a string")
    eq(rawequal(full, full), true, "an error is itself")

    raises("errors.new of nothing", "", errors.new)
    raises("a method that does not exist", "", function() return full:no_such_method() end)
end

return {main = main}
