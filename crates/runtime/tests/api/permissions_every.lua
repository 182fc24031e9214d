--- policy
- {name: "app.test:spawns", kind: security.policy, policy: {effect: allow, actions: ["process.spawn", "process.context"], resources: ["*"]}}
- {name: "app.test:spawns-all", kind: security.policy, policy: {effect: allow, actions: ["process.spawn*", "process.call"], resources: ["*"]}}
- {name: "app.test:defines", kind: security.policy, policy: {effect: allow, actions: ["metrics.write"], resources: ["*"]}}

--- program app.test:main
-- Every permission, by a call that lacks just this one: `tests/permissions.rs` looks that none is missing here.
local check = require("check")
local security = require("security")

local HOST = "app:processes"

-- Runs a part of app.test:restricted with the policies of that name.
local function with(policies, part, ...)
    local builder = process.with_context{}
        :with_actor(security.new_actor("tester", {}))
        :with_scope(check.scope_of(policies))
    local pid = assert(builder:spawn_monitored("app.test:restricted", HOST, part, ...))
    local result = check.exit_of(pid)
    assert(result.error == nil, part .. ": " .. tostring(result.error))
    return result.value
end

local function main()
    local target = assert(process.spawn_monitored("app.test:sitter", HOST))
    assert(process.registry.register("taken", target))
    local tried = with({}, "nothing", target) + with({"spawns"}, "spawns", target)
        + with({"spawns-all"}, "hosts", target) + with({"defines"}, "defines", target)
    check.eq(tried, 44, "calls that were tried")
    check.eq(process.registry.lookup("taken"), target, "the target has its name")
    assert(process.send(target, "end"))
    check.eq(check.exit_of(target).error, nil, "nothing was done to the target")
end

return {main = main}

--- program app.test:sitter
return {main = function() process.listen("end"):receive() end}

--- program app.test:restricted
local check = require("check")
local env, events, fs, funcs = require("env"), require("events"), require("fs"), require("funcs")
local http, metrics, queue = require("http"), require("metrics"), require("queue")
local security, store = require("security"), require("store")

local HOST, PROGRAM = "app:processes", "app.test:sitter"
local count = 0

-- The call that gave this was refused for want of that permission.
local function refused(action, resource, value, err)
    local got = check.fails(errors.PERMISSION_DENIED, action, value or nil, err)
    check.eq(got:message(), "permission denied: " .. action .. " on " .. resource, action .. ": message")
    count = count + 1
end

-- Likewise of a call of the builder, which raises.
local function raised(action, resource, f, ...)
    local ok, err = pcall(f, ...)
    assert(not ok, action .. ": wanted an error to be raised")
    refused(action, resource, nil, err)
end

local parts = {}

function parts.nothing(target)
    refused("process.spawn", PROGRAM, process.spawn(PROGRAM, HOST))
    refused("process.spawn", PROGRAM, process.spawn_monitored(PROGRAM, HOST))
    refused("process.spawn", PROGRAM, process.spawn_linked(PROGRAM, HOST))
    refused("process.spawn", PROGRAM, process.spawn_linked_monitored(PROGRAM, HOST))
    refused("process.call", PROGRAM, process.call(PROGRAM, HOST))
    refused("process.send", target, process.send(target, "end"))
    refused("process.terminate", target, process.terminate(target))
    refused("process.cancel", target, process.cancel(target, "1ms"))
    refused("process.monitor", target, process.monitor(target))
    refused("process.unmonitor", target, process.unmonitor(target))
    refused("process.link", target, process.link(target))
    refused("process.unlink", target, process.unlink(target))
    refused("process.info", target, process.info(target))
    raised("process.context", "context", process.with_context, {})
    refused("process.registry.register", "mine", process.registry.register("mine"))
    refused("funcs.call", PROGRAM, funcs.call(PROGRAM))
    refused("env.get", "GREETING", env.get("GREETING"))
    refused("events.publish", "news", events.publish("news", 1))
    refused("events.subscribe", "news", events.subscribe("news"))
    refused("queue.publish", "work", queue.publish("work", 1))
    refused("queue.consume", "work", queue.consume("work"))
    refused("queue.declare", "work", queue.declare("work", {}))
    refused("queue.info", "work", queue.info("work"))
    refused("queue.purge", "work", queue.purge("work"))
    refused("metrics.write", "some", metrics.counter("some"))
    refused("metrics.read", "*", metrics.text())
    local s = assert(store.open("cache"))
    refused("store.read", "cache", s:get("key"))
    refused("store.write", "cache", s:set("key", 1))
    refused("fs.read", "file", fs.read("file"))
    refused("fs.write", "file", fs.write("file", ""))
    refused("fs.append", "file", fs.append("file", ""))
    refused("fs.list", "file", fs.list("file"))
    refused("fs.stat", "file", fs.stat("file"))
    refused("fs.make_directory", "file", fs.mkdir("file"))
    refused("fs.remove", "file", fs.remove("file"))
    refused("http.request", "http://127.0.0.1:1/x", http.get("http://127.0.0.1:1/x?query=1"))
end

function parts.spawns(target)
    refused("process.spawn.monitored", PROGRAM, process.spawn_monitored(PROGRAM, HOST))
    refused("process.spawn.linked", PROGRAM, process.spawn_linked(PROGRAM, HOST))
    local builder = process.with_context{a = 1}
    raised("process.security", "security", builder.with_actor, builder, security.new_actor("x", {}))
    raised("process.security", "security", builder.with_scope, builder, check.scope_of{})
    -- The owner may give a name back without, others may not.
    local ok, err = process.registry.unregister("taken")
    check.eq(ok, false, "another's name")
    count = count + 1
end

function parts.hosts()
    refused("process.host", HOST, process.spawn(PROGRAM, HOST))
    refused("process.host", HOST, process.call(PROGRAM, HOST))
end

function parts.defines()
    refused("metrics.read", "some", assert(metrics.counter("some")):value())
end

return {main = function(part, ...)
    parts[part](...)
    return count
end}
