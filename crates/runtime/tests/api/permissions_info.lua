--- policy
- {name: "app.test:all", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}
- {name: "app.test:look", kind: security.policy, policy: {effect: allow, actions: ["process.info"], resources: ["{app:processes|*"]}}
- {name: "app.test:tell", kind: security.policy, policy: {effect: allow, actions: ["process.send"], resources: ["*"]}}
- {name: "app.test:not", kind: security.policy, policy: {effect: deny, actions: ["process.info"], resources: ["*"]}}
- {name: "app.test:not-who", kind: security.policy, policy: {effect: deny, actions: ["process.info.security"], resources: ["*"]}}

--- program app.test:main
local security = require("security")
local inbox = process.inbox()
local HOST = "app:processes"

local function run(policies, program, ...)
    local ids = {}
    for i, name in ipairs(policies) do ids[i] = "app.test:" .. name end
    return assert(process.with_context{}
        :with_actor(security.new_actor("worker", {}))
        :with_scope(security.new_scope(ids))
        :spawn(program, HOST, process.pid(), ...))
end

local target = run({"all"}, "app.test:target")
local function looks(...)
    run({...}, "app.test:looker", target)
    return inbox:receive():payload()
end

local seen = looks("all")
assert(seen.actor == "worker" and seen.scope == "app.test:all", "everything may be seen")
seen = looks("look", "tell")
assert(seen.pid == target, tostring(seen.error))
assert(seen.actor == nil and seen.scope == nil, "without process.info.security nobody sees who")
seen = looks("all", "not-who")
assert(seen.pid == target and seen.actor == nil and seen.scope == nil, "a deny wins")
for _, policies in ipairs{{"tell"}, {"all", "not"}} do
    seen = looks(table.unpack(policies))
    assert(seen.kind == errors.PERMISSION_DENIED, tostring(seen.kind))
    assert(seen.error:find("process.info", 1, true) and seen.error:find(target, 1, true), seen.error)
end

--- program app.test:target
return {main = function() process.inbox():receive() end}

--- program app.test:looker
return {main = function(parent, target)
    local info, err = process.info(target)
    local seen = info and {pid = info.pid, actor = info.actor, scope = info.scope and info.scope[1]}
        or {error = tostring(err), kind = err:kind()}
    process.send(parent, "seen", seen)
end}
