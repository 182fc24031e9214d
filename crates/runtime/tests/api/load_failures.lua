--- program app.test:main
local check = require("check")
local eq, has, recv = check.eq, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

local function refused(id, part)
    for _, name in ipairs{"spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored", "call"} do
        local what = name .. " of " .. id
        local value, err = process[name](id, HOST)
        assert(value == nil, what .. ": wanted nil, got " .. tostring(value))
        assert(err ~= nil, what .. ": wanted an error, got none")
        assert(type(err:kind()) == "string" and err:kind() ~= errors.NOT_FOUND,
            what .. ": a program that exists and does not load is not NotFound")
        has(err, part, what)
    end
    local builder = process.with_context{}
    local value, err = builder:spawn_monitored(id, HOST)
    assert(value == nil and err ~= nil, "builder:spawn_monitored of " .. id .. " must fail too")
    has(err, part, "builder:spawn_monitored of " .. id)
end

local function main()
    refused("app.test:broken_syntax", ":2:")    -- the message names the line
    refused("app.test:missing_import", "module 'no.such.module' not found")
    refused("app.test:unlisted_module", "module 'json' not found")
    refused("app.test:raises", "raised at top level")
    refused("app.test:raises_error_object", "refuses to load")
    refused("app.test:nil_call", "nil")
    refused("app.test:no_such_method", "handle")

    local _, err = process.spawn("app.test:raises_error_object", HOST)
    eq(err:kind(), errors.CONFLICT, "an error object raised at top level keeps its kind; kind")

    -- no PID, no EXIT, no LINK_DOWN (we do not trap links and are alive)
    local pid = assert(process.spawn_monitored("app.test:good", HOST))
    local event = recv(events, "EXIT of the good one")
    eq(event.from, pid, "sender of the first event")
    eq(event.result.value, "good", "its value")

    -- with a name: nothing is registered when the load fails
    local named = process.with_context{}:with_name("broken-name")
    eq((named:spawn("app.test:raises", HOST)), nil, "a named spawn of a program that does not load")
    eq((process.registry.lookup("broken-name")), nil, "the name afterwards")
end

return {main = main}

--- program app.test:broken_syntax
local x = 1
local function main( return x end

--- program app.test:missing_import
local helper = require("no.such.module")
return {main = function() return helper end}

--- program app.test:unlisted_module modules=time
local json = require("json")
return {main = function() return json.encode({}) end}

--- program app.test:raises
error("raised at top level")

--- program app.test:raises_error_object
error(errors.new{message = "refuses to load", kind = errors.CONFLICT})

--- program app.test:nil_call
local t = nil
t.x = 1

--- program app.test:no_such_method method=handle
return {main = function() end}

--- program app.test:good modules=time
local time = require("time")
return {main = function() return time.now() > 0 and "good" end}
