--- policy
- {name: "app.test:everything", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}
- {name: "app.test:context", kind: security.policy, policy: {effect: allow, actions: ["process.context"], resources: ["context"]}}
- {name: "app.test:security", kind: security.policy, policy: {effect: allow, actions: ["process.security"], resources: ["security"]}}
- {name: "app.test:wrong-resources", kind: security.policy, policy: {effect: allow, actions: ["process.context", "process.security"], resources: ["app.test:*"]}}
- {name: "app.test:no-context", kind: security.policy, policy: {effect: deny, actions: ["process.context"], resources: ["*"]}}
- {name: "app.test:no-security", kind: security.policy, policy: {effect: deny, actions: ["process.security"], resources: ["security"]}}
- {name: "app.test:spawning", kind: security.policy, policy: {effect: allow, actions: ["process.spawn*", "process.host"], resources: ["*"]}}

--- program app.test:main
local check = require("check")
local eq, exit_of, scope_of = check.eq, check.exit_of, check.scope_of

local HOST = "app:processes"

local security = require("security")

local function attempt(policies, ...)
    local builder = process.with_context{}
        :with_actor(security.new_actor("tester", {}))
        :with_scope(scope_of(policies))
    local pid = assert(builder:spawn_monitored("app.test:restricted", HOST, ...))
    local result = exit_of(pid)
    assert(result.error == nil, "the restricted process failed: " .. tostring(result.error))
    return result.value
end

local function allowed(policies, step)
    local got = attempt(policies, step)
    assert(got.kind == nil, step .. " with " .. table.concat(policies, ", ") .. ": wanted it allowed, got "
        .. tostring(got.message))
    return got.value
end

local function denied(policies, step)
    local got = attempt(policies, step)
    local what = step .. " with " .. table.concat(policies, ", ")
    eq(got.raised, true, what .. ": the builder raises on a denied permission; raised")
    eq(got.kind, errors.PERMISSION_DENIED, what .. ": kind")
end

local function main()
    -- with_context: process.context on "context"
    allowed({"context"}, "with_context")
    allowed({"everything"}, "with_context")
    denied({}, "with_context")
    denied({"security", "spawning"}, "with_context")
    denied({"everything", "no-context"}, "with_context")
    denied({"wrong-resources"}, "with_context")

    -- :with_actor and :with_scope: process.security on "security"
    for _, step in ipairs{"with_actor", "with_scope"} do
        allowed({"context", "security"}, step)
        allowed({"everything"}, step)
        denied({"context"}, step)
        denied({"context", "spawning"}, step)
        denied({"everything", "no-security"}, step)
        denied({"context", "wrong-resources"}, step)
    end

    -- the other methods need nothing of their own
    for _, step in ipairs{"more context", "with_name", "with_message"} do allowed({"context"}, step) end

    -- who may not change the scope cannot spawn its way out of it; who may, can
    eq(allowed({"context", "spawning"}, "child's rights"), false, "rights of a child whose parent may do little")
    eq(allowed({"context", "spawning", "security"}, "child's rights with another scope"), true,
        "rights of a child that was given another scope")
end

return {main = main}

--- program app.test:restricted
local security = require("security")
local check = require("check")
local scope_of = check.scope_of

local steps = {}
function steps.with_context() return process.with_context{a = 1} end
steps["more context"] = function() return process.with_context{a = 1}:with_context{b = 2} end
function steps.with_name() return process.with_context{}:with_name("n") end
function steps.with_message() return process.with_context{}:with_message("t", 1) end
function steps.with_actor() return process.with_context{}:with_actor(security.new_actor("root", {})) end
function steps.with_scope() return process.with_context{}:with_scope(scope_of{"everything"}) end
local function rights(builder)
    local pid = assert(builder:spawn_monitored("app.test:rights", "app:processes"))
    local event = process.events():receive()
    assert(event.from == pid and event.result.error == nil, tostring(event.result.error))
    return event.result.value
end
steps["child's rights"] = function() return rights(process.with_context{}) end
steps["child's rights with another scope"] = function()
    return rights(process.with_context{}:with_scope(scope_of{"everything"}))
end
return {main = function(step)
    local ok, result = pcall(steps[step])
    if ok then return {value = result == true, ok = true} end
    local is_error = type(result) == "userdata"
    return {raised = true, kind = is_error and result:kind() or "no error object", message = tostring(result)}
end}

--- program app.test:rights
return {main = function()
    local ok = process.cancel(process.pid(), "1h")
    return ok == true
end}
