--- policy
- {name: "app.test:star", kind: security.policy, policy: {effect: allow, actions: ["act"], resources: ["*"]}}
- {name: "app.test:exact", kind: security.policy, policy: {effect: allow, actions: ["act"], resources: ["app.workers:handler"]}}
- {name: "app.test:prefix", kind: security.policy, policy: {effect: allow, actions: ["act"], resources: ["app.wo*"]}}
- {name: "app.test:namespace", kind: security.policy, policy: {effect: allow, actions: ["act"], resources: ["app.workers:*"]}}
- {name: "app.test:segments", kind: security.policy, policy: {effect: allow, actions: ["act"], resources: ["a.b.*"]}}
- {name: "app.test:several", kind: security.policy, policy: {effect: allow, actions: ["read", "write"], resources: ["x", "y"]}}
- {name: "app.test:action-star", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["r"]}}
- {name: "app.test:action-prefix", kind: security.policy, policy: {effect: allow, actions: ["process.spawn*"], resources: ["r"]}}
- {name: "app.test:action-segments", kind: security.policy, policy: {effect: allow, actions: ["process.spawn.*"], resources: ["r"]}}
- {name: "app.test:deny-x", kind: security.policy, policy: {effect: deny, actions: ["*"], resources: ["x"]}}
- {name: "app.test:all", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}

--- program app.test:main
local check = require("check")
local eq, exit_of, scope_of = check.eq, check.exit_of, check.scope_of

local HOST = "app:processes"

local security = require("security")

-- {policies, action, resource, answer}
local ROWS = {
    {{"star"}, "act", "anything", true}, {{"star"}, "act", "a.b:c", true},
    {{"star"}, "other", "anything", false}, {{"star"}, "acts", "anything", false}, {{"star"}, "ac", "anything", false},

    {{"exact"}, "act", "app.workers:handler", true}, {{"exact"}, "act", "app.workers:handler2", false},
    {{"exact"}, "act", "app.workers:handle", false}, {{"exact"}, "act", "App.workers:handler", false},
    {{"exact"}, "act", "app-workers:handler", false},

    {{"prefix"}, "act", "app.workers:x", true}, {{"prefix"}, "act", "app.wo", true},
    {{"prefix"}, "act", "app.world.deep:x", true}, {{"prefix"}, "act", "app.w", false},
    {{"prefix"}, "act", "xapp.workers", false}, {{"prefix"}, "act", "appxworkers", false},

    {{"namespace"}, "act", "app.workers:handler", true}, {{"namespace"}, "act", "app.workers:", true},
    {{"namespace"}, "act", "app.workers", false}, {{"namespace"}, "act", "app.workers2:handler", false},

    -- a.b.* matches whole dot segments only
    {{"segments"}, "act", "a.b.c", true}, {{"segments"}, "act", "a.b.c.d", true},
    {{"segments"}, "act", "a.bc", false}, {{"segments"}, "act", "a.bc.d", false}, {{"segments"}, "act", "a.x", false},
    {{"segments"}, "act", "x.a.b.c", false}, {{"segments"}, "act", "aab.c", false},

    {{"several"}, "read", "x", true}, {{"several"}, "write", "y", true}, {{"several"}, "read", "y", true},
    {{"several"}, "read", "z", false}, {{"several"}, "delete", "x", false}, {{"several"}, "read,write", "x", false},

    {{"action-star"}, "whatever", "r", true}, {{"action-star"}, "whatever", "s", false},
    {{"action-prefix"}, "process.spawn", "r", true}, {{"action-prefix"}, "process.spawn.linked", "r", true},
    {{"action-prefix"}, "process.spawner", "r", true}, {{"action-prefix"}, "process.send", "r", false},
    {{"action-segments"}, "process.spawn.linked", "r", true}, {{"action-segments"}, "process.spawn.monitored", "r", true},
    {{"action-segments"}, "process.spawner", "r", false}, {{"action-segments"}, "process.spawner.x", "r", false},

    -- any matching deny wins, in any order; else any matching allow; else denied
    {{"all", "deny-x"}, "read", "x", false}, {{"deny-x", "all"}, "read", "x", false},
    {{"deny-x", "several"}, "read", "x", false}, {{"deny-x", "several"}, "read", "y", true},
    {{"deny-x", "all"}, "read", "y", true}, {{"deny-x"}, "read", "y", false}, {{"deny-x"}, "read", "x", false},
    {{}, "read", "x", false}, {{"exact", "several"}, "read", "x", true},
    {{"exact", "several"}, "act", "app.workers:handler", true}, {{"exact", "several"}, "act", "x", false},
}

local function main()
    for i, row in ipairs(ROWS) do
        local builder = process.with_context{}
            :with_actor(security.new_actor("tester", {}))
            :with_scope(scope_of(row[1]))
        local pid = assert(builder:spawn_monitored("app.test:asker", HOST, row[2], row[3]))
        local result = exit_of(pid)
        assert(result.error == nil, "the asker failed: " .. tostring(result.error))
        eq(result.value, row[4], "row " .. i .. ": {" .. table.concat(row[1], ", ") .. "} " .. row[2] .. " on '"
            .. row[3] .. "'")
    end
    -- without an actor and a scope, and not strict: allowed
    eq(security.can("act", "anything"), true, "can, without actor and scope, on a node that is not strict")
end

return {main = main}

--- program app.test:asker
local security = require("security")
return {main = function(action, resource) return security.can(action, resource) end}
