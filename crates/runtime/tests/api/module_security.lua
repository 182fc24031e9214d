--- config actor=service:main policies=app.test:base,app.test:cancelling

--- policy
- {name: "app.test:base", kind: security.policy, policy: {effect: allow, actions: ["process.spawn*", "process.host", "process.context", "process.security"], resources: ["*"]}}
- {name: "app.test:cancelling", kind: security.policy, policy: {effect: allow, actions: ["process.cancel"], resources: ["*"]}}
- {name: "app.test:reading", kind: security.policy, policy: {effect: allow, actions: ["doc.read"], resources: ["docs:*"], conditions: [{field: actor.meta.role, operator: in, value: [reader, editor]}]}}
- {name: "app.test:tenant", kind: security.policy, policy: {effect: allow, actions: ["doc.write"], resources: ["docs:*"], conditions: [{field: meta.tenant, operator: eq, value_from: actor.meta.tenant}]}}

--- program app.test:main
local check = require("check")
local eq, raises, recv, exit_of, scope_of =
    check.eq, check.raises, check.recv, check.exit_of, check.scope_of

local HOST = "app:processes"

local security = require("security")

local function main()
    -- one's own
    local actor = security.actor()
    eq(actor:id(), "service:main", "security.actor():id()")
    eq(type(actor:meta()), "table", "type of meta()")
    assert(security.scope() ~= nil, "security.scope() must be there")

    -- can: a boolean, for actions of the runtime and of one's own, and it agrees with what happens
    eq(security.can("process.cancel", process.pid()), true, "can cancel")
    assert(process.cancel(process.pid(), "1h"))
    eq(recv(process.events()).kind, process.event.CANCEL, "the cancel that was allowed")
    eq(security.can("process.terminate", process.pid()), false, "can terminate")
    local ok, err = process.terminate(process.pid())
    eq(ok, nil, "terminate")
    eq(err:kind(), errors.PERMISSION_DENIED, "kind of terminate")
    eq(security.can("doc.read", "docs:1"), false, "an action of one's own that no policy allows")
    eq(security.can("process.spawn", "app.test:x"), true, "can spawn")
    eq(security.can("process.spawn.linked", "anything"), true, "can spawn linked")

    -- actors of one's own making
    local ann = security.new_actor("user:ann", {role = "reader", tenant = "t1", level = 3, tags = {"a", "b"}})
    eq(ann:id(), "user:ann", "id() of a new actor")
    eq(ann:meta().role, "reader", "meta() of a new actor")
    eq(ann:meta().level, 3, "a number in meta()")
    eq(ann:meta().tags[2], "b", "a list in meta()")
    eq(next(security.new_actor("user:bob"):meta() or {}), nil, "meta() of an actor without any")
    eq(security.actor():id(), "service:main", "making an actor does not change ours")
    ok, err = pcall(function() return assert(security.new_actor()) end)
    eq(ok, false, "new_actor without an id")
    raises("new_actor of a table", "", function() return assert(security.new_actor({})) end)

    -- given to a child
    local function ask(who, policies, ...)
        local builder = process.with_context{}:with_actor(who):with_scope(scope_of(policies))
        local result = exit_of(assert(builder:spawn_monitored("app.test:asker", HOST, ...)))
        assert(result.error == nil, "the asker failed: " .. tostring(result.error))
        eq(result.value.id, who:id(), "the child's actor")
        return result.value.answer
    end
    local eve = security.new_actor("user:eve", {role = "guest", tenant = "t2"})
    local ed = security.new_actor("user:ed", {role = "editor", tenant = "t1"})
    eq(ask(ann, {"reading"}, "doc.read", "docs:1"), true, "a reader reads")
    eq(ask(ed, {"reading"}, "doc.read", "docs:1"), true, "an editor reads")
    eq(ask(eve, {"reading"}, "doc.read", "docs:1"), false, "a guest does not")
    eq(ask(ann, {"reading"}, "doc.read", "other:1"), false, "a reader reads only docs")
    eq(ask(ann, {"reading"}, "doc.write", "docs:1"), false, "a reader does not write")
    eq(ask(ann, {"tenant"}, "doc.write", "docs:1", {tenant = "t1"}), true, "her own tenant's")
    eq(ask(ann, {"tenant"}, "doc.write", "docs:1", {tenant = "t2"}), false, "another tenant's")
    eq(ask(ann, {"tenant"}, "doc.write", "docs:1"), false, "nobody's")
    eq(ask(ann, {}, "doc.read", "docs:1"), false, "an empty scope")
    eq(ask(ann, {"reading", "tenant"}, "doc.read", "docs:1"), true, "two policies")

    -- a child cannot be fooled by what it does to the tables it gets
    eq(ask(eve, {"reading"}, "change meta", "docs:1"), false, "after a change of the table that meta() returned")
end

return {main = main}

--- program app.test:asker
local security = require("security")
return {main = function(action, resource, meta)
    local actor = security.actor()
    if action == "change meta" then
        actor:meta().role = "reader"
        action = "doc.read"
    end
    return {id = actor:id(), answer = security.can(action, resource, meta)}
end}
