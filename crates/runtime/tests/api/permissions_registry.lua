--- policy
- {name: "app.test:everything", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}
- {name: "app.test:register-a", kind: security.policy, policy: {effect: allow, actions: ["process.registry.register"], resources: ["a.*"]}}
- {name: "app.test:unregister-a", kind: security.policy, policy: {effect: allow, actions: ["process.registry.unregister"], resources: ["a.*"]}}
- {name: "app.test:no-register", kind: security.policy, policy: {effect: deny, actions: ["process.registry.register"], resources: ["*"]}}
- {name: "app.test:no-unregister", kind: security.policy, policy: {effect: deny, actions: ["process.registry.unregister"], resources: ["*"]}}

--- program app.test:main
local check = require("check")
local eq, fails, exit_of, scope_of = check.eq, check.fails, check.exit_of, check.scope_of

local HOST = "app:processes"

local security = require("security")

local registry = process.registry

local function attempt(policies, ...)
    local builder = process.with_context{}
        :with_actor(security.new_actor("tester", {}))
        :with_scope(scope_of(policies))
    local pid = assert(builder:spawn_monitored("app.test:restricted", HOST, ...))
    local result = exit_of(pid)
    assert(result.error == nil, "the restricted process failed: " .. tostring(result.error))
    return result.value
end

local function register(policies, name, want)
    local got = attempt(policies, "register", name)
    local what = "register of " .. name .. " with " .. table.concat(policies, ", ")
    if want then
        eq(got.value, true, what .. ": value")
    else
        eq(got.value, nil, what .. ": value")
        eq(got.kind, errors.PERMISSION_DENIED, what .. ": kind")
    end
end

local function unregister(policies, name, want)
    local what = "unregister of " .. name .. " with " .. table.concat(policies, ", ")
    local got = attempt(policies, "unregister", name)
    eq(got.value, want, what .. ": a boolean")
end

local function main()
    local me = process.pid()

    register({"register-a"}, "a.b", true)
    register({"everything"}, "x", true)
    register({}, "a.b", false)
    register({"register-a"}, "b.a", false)
    register({"register-a"}, "ab", false)
    register({"unregister-a"}, "a.b", false)
    register({"everything", "no-register"}, "a.b", false)

    -- a denial changes nothing
    fails(errors.NOT_FOUND, "lookup of a name that nobody was allowed to take", registry.lookup("a.b"))
    assert(registry.register("a.mine"))
    local got = attempt({}, "register", "a.mine")
    eq(got.kind, errors.PERMISSION_DENIED, "a taken name and no permission; kind")

    -- unregister: the owner, or with the permission on the name
    unregister({}, "a.mine", false)
    unregister({"register-a"}, "a.mine", false)
    unregister({"everything", "no-unregister"}, "a.mine", false)
    eq(registry.lookup("a.mine"), me, "our name after all that")
    unregister({"unregister-a"}, "a.mine", true)
    fails(errors.NOT_FOUND, "our name after one with the permission released it", registry.lookup("a.mine"))
    assert(registry.register("b.mine"))
    unregister({"unregister-a"}, "b.mine", false)
    eq(registry.lookup("b.mine"), me, "a name outside of the permission")

    -- the owner needs no permission to release its own
    got = attempt({"register-a"}, "register and unregister", "a.own")
    eq(got.value, true, "unregister by the owner")
    eq(got.after, errors.NOT_FOUND, "lookup afterwards; kind")

    -- lookup needs none
    got = attempt({}, "lookup", "b.mine")
    eq(got.value, me, "lookup without any permission")
    got = attempt({}, "lookup", "never there")
    eq(got.kind, errors.NOT_FOUND, "lookup of nothing without any permission; kind")
end

return {main = main}

--- program app.test:restricted
local registry = process.registry
return {main = function(what, name)
    if what == "register and unregister" then
        assert(registry.register(name))
        local value = registry.unregister(name)
        local _, err = registry.lookup(name)
        return {value = value, after = err and err:kind()}
    end
    local value, err = registry[what](name)
    return {value = value, kind = err and err:kind()}
end}
