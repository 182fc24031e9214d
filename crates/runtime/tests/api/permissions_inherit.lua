--- policy
- {name: "app.test:everything", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}
- {name: "app.test:children", kind: security.policy, policy: {effect: allow, actions: ["process.spawn*", "process.host", "process.call", "process.context"], resources: ["*"]}}
- {name: "app.test:team", kind: security.policy, policy: {effect: allow, actions: ["process.registry.register"], resources: ["*"], conditions: [{field: actor.meta.team, operator: eq, value: core}]}}

--- program app.test:main
local check = require("check")
local eq, exit_of, scope_of = check.eq, check.exit_of, check.scope_of

local HOST = "app:processes"

local security = require("security")

local function value_of(builder, ...)
    local result = exit_of(assert(builder:spawn_monitored("app.test:teller", HOST, ...)))
    assert(result.error == nil, "the teller failed: " .. tostring(result.error))
    return result.value
end

local function main()
    -- none at first; not strict, so all is allowed
    eq(security.actor(), nil, "actor of a process that was given none")
    local plain = process.with_context{}
    local got = value_of(plain, 0)
    eq(got.id, nil, "actor of a child of one without")
    eq(got.may_register, true, "without actor and scope a node that is not strict allows")

    -- an actor alone does not restrict: it takes an actor and a scope
    got = value_of(plain:with_actor(security.new_actor("ann", {team = "core"})), 0)
    eq(got.id, "ann", "id of the actor that was given")
    eq(got.team, "core", "meta of the actor that was given")
    eq(got.may_register, true, "an actor without a scope, not strict")

    -- children, grandchildren and callees inherit both
    for depth = 0, 3 do
        for _, how in ipairs{"spawn", "call", "builder"} do
            local what = how .. ", depth " .. depth
            got = value_of(plain:with_actor(security.new_actor("ann", {team = "core"}))
                :with_scope(scope_of{"children", "team"}), depth, how)
            eq(got.depth, 0, what .. ": depth")
            eq(got.id, "ann", what .. ": id")
            eq(got.team, "core", what .. ": meta")
            eq(got.may_register, true, what .. ": what the actor's team may")
            eq(got.may_terminate, false, what .. ": what nobody allowed")
            got = value_of(plain:with_actor(security.new_actor("eve", {team = "edge"}))
                :with_scope(scope_of{"children", "team"}), depth, how)
            eq(got.id, "eve", what .. ": id of another actor")
            eq(got.may_register, false, what .. ": what the other team may")
        end
    end

    -- builders do not share: the actor of one is not that of the other, nor ours
    local ann = plain:with_actor(security.new_actor("ann", {}))
    local bob = ann:with_actor(security.new_actor("bob", {}))
    eq(value_of(ann, 0).id, "ann", "the older builder's actor")
    eq(value_of(bob, 0).id, "bob", "the newer builder's actor")
    eq(value_of(plain, 0).id, nil, "the oldest builder's actor")
    eq(security.actor(), nil, "our own actor after all that")
end

return {main = main}

--- program app.test:teller
local security = require("security")
local function tell(depth, how)
    if depth > 0 then
        if how == "call" then return process.call("app.test:teller", "app:processes", depth - 1, how) end
        local spawner = process.spawn_monitored
        if how == "builder" then
            spawner = function(...) return process.with_context{}:spawn_monitored(...) end
        end
        local pid = assert(spawner("app.test:teller", "app:processes", depth - 1, how))
        local event = process.events():receive()
        assert(event.from == pid, "EXIT of the wrong process")
        return event.result.value, event.result.error
    end
    local actor = security.actor()
    return {depth = depth, id = actor and actor:id(), team = actor and actor:meta().team,
        may_register = process.registry.register("teller") == true,
        may_terminate = security.can("process.terminate", process.pid())}
end
return {main = tell}
