--- config strict=true actor=tester policies=app.test:talk,app.test:children,app.test:names

--- policy
- {name: "app.test:talk", kind: security.policy, policy: {effect: allow, actions: ["process.send", "process.monitor"], resources: ["{app:processes|*"]}}
- name: "app.test:children"
  kind: security.policy
  policy:
    effect: allow
    actions: ["process.spawn", "process.spawn.monitored", "process.host"]
    resources: ["app.test:*", "app:processes"]
    conditions: [{field: actor.id, operator: eq, value: tester}]
- {name: "app.test:names", kind: security.policy, policy: {effect: allow, actions: ["process.registry.register"], resources: ["mine.*"]}}
- {name: "app.test:unused", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}

--- program app.test:main
local check = require("check")
local eq, fails, recv, good = check.eq, check.fails, check.recv, check.good

local HOST = "app:processes"

-- Strict, with an actor and policies: what they allow is allowed, the rest is denied, and a policy
-- that exists and is not in the scope does not count.
local security = require("security")

local function main()
    local me = process.pid()
    eq(security.actor():id(), "tester", "security.actor():id()")
    assert(security.scope() ~= nil, "security.scope() must be there")

    assert(process.send(me, "t", 1))
    eq(recv(process.inbox()):payload(), 1, "a send that is allowed")
    eq(good("app.test:child"), "tester", "a child inherits the actor; its id")
    eq(good("app.test:limited_child"), "all denied", "a child inherits the scope")
    assert(process.registry.register("mine.name"))
    eq(process.registry.lookup("mine.name"), me, "a name that is allowed")

    local DENIED = errors.PERMISSION_DENIED
    fails(DENIED, "register of another name", process.registry.register("yours.name"))
    fails(DENIED, "spawn_linked", process.spawn_linked("app.test:child", HOST))
    fails(DENIED, "spawn_linked_monitored", process.spawn_linked_monitored("app.test:child", HOST))
    fails(DENIED, "call", process.call("app.test:child", HOST))
    fails(DENIED, "terminate", process.terminate(me))
    fails(DENIED, "cancel", process.cancel(me))
    fails(DENIED, "link", process.link(me))
    fails(DENIED, "spawn of a program outside of the pattern", process.spawn("app.other:child", HOST))
    fails(DENIED, "spawn on a host outside of the pattern", process.spawn("app.test:child", "app:elsewhere"))
    local ok, err = pcall(process.with_context, {})
    eq(ok, false, "with_context; pcall")
    eq(err:kind(), DENIED, "with_context; kind")

    eq(security.can("process.send", me), true, "can send")
    eq(security.can("process.terminate", me), false, "can terminate")
    eq(security.can("process.registry.register", "mine.x"), true, "can register mine.x")
    eq(security.can("process.registry.register", "mine"), false, "can register mine")
end

return {main = main}

--- program app.test:child
local security = require("security")
return {main = function() return security.actor():id() end}

--- program app.test:limited_child
return {main = function()
    local ok, err = process.terminate(process.pid())
    assert(not ok and err:kind() == errors.PERMISSION_DENIED, "terminate must be denied, got " .. tostring(err))
    ok, err = process.registry.register("yours")
    assert(not ok and err:kind() == errors.PERMISSION_DENIED, "register must be denied, got " .. tostring(err))
    return "all denied"
end}
