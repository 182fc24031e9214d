--- policy
- {name: "app.test:eq", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: eq, value: core}]}}
- {name: "app.test:eq-number", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: eq, value: 5}]}}
- {name: "app.test:ne", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: ne, value: core}]}}
- {name: "app.test:lt", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: lt, value: 5}]}}
- {name: "app.test:gt", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: gt, value: 5}]}}
- {name: "app.test:lte", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: lte, value: 5}]}}
- {name: "app.test:gte", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: gte, value: 5}]}}
- {name: "app.test:in", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: in, value: [a, b]}]}}
- {name: "app.test:nin", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: nin, value: [a, b]}]}}
- {name: "app.test:exists", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: exists}]}}
- {name: "app.test:nexists", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: nexists}]}}
- {name: "app.test:contains", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: contains, value: a}]}}
- {name: "app.test:ncontains", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: ncontains, value: a}]}}
- {name: "app.test:matches", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: matches, value: '^ab+c$'}]}}
- {name: "app.test:nmatches", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: nmatches, value: '^ab+c$'}]}}
- {name: "app.test:actor-id", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: actor.id, operator: eq, value: tester}]}}
- {name: "app.test:other-actor", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: actor.id, operator: eq, value: somebody}]}}
- {name: "app.test:actor-team", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: actor.meta.team, operator: eq, value: core}]}}
- {name: "app.test:actor-other-team", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: actor.meta.team, operator: eq, value: edge}]}}
- {name: "app.test:actor-level", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: actor.meta.level, operator: gte, value: 3}]}}
- {name: "app.test:action-is", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: action, operator: eq, value: act}]}}
- {name: "app.test:resource-is", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: resource, operator: matches, value: '^thing'}]}}
- {name: "app.test:from-actor", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: eq, value_from: actor.meta.team}]}}
- {name: "app.test:from-resource", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: resource, operator: eq, value_from: actor.id}]}}
- {name: "app.test:pid", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.pid, operator: matches, value: 'app:processes'}]}}
- {name: "app.test:both", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: eq, value: core}, {field: actor.meta.team, operator: eq, value: core}]}}
- {name: "app.test:both-fail", kind: security.policy, policy: {effect: allow, actions: [act], resources: ['*'], conditions: [{field: meta.v, operator: eq, value: core}, {field: actor.meta.team, operator: eq, value: edge}]}}
- {name: "app.test:all", kind: security.policy, policy: {effect: allow, actions: ['*'], resources: ['*']}}
- {name: "app.test:deny-secret", kind: security.policy, policy: {effect: deny, actions: [act], resources: ['*'], conditions: [{field: meta.secret, operator: eq, value: true}]}}
- {name: "app.test:self-only", kind: security.policy, policy: {effect: allow, actions: [process.cancel], resources: ['*'], conditions: [{field: resource, operator: eq, value_from: meta.pid}]}}

--- program app.test:main
local check = require("check")
local eq, exit_of, scope_of = check.eq, check.exit_of, check.scope_of

local events = process.events()

local HOST = "app:processes"

local security = require("security")

-- {policies, meta.v, answer}
local ROWS = {
    {"eq", "core", true}, {"eq", "cor", false}, {"eq", "Core", false}, {"eq", nil, false}, {"eq", 5, false},
    {"eq-number", 5, true}, {"eq-number", 5.0, true}, {"eq-number", 6, false}, {"eq-number", "5", false},
    {"ne", "core", false}, {"ne", "edge", true},
    {"lt", 4, true}, {"lt", 5, false}, {"lt", 6, false}, {"lt", 4.5, true}, {"lt", -1, true},
    {"gt", 6, true}, {"gt", 5, false}, {"gt", 4, false}, {"gt", 5.5, true},
    {"lte", 4, true}, {"lte", 5, true}, {"lte", 5.5, false},
    {"gte", 6, true}, {"gte", 5, true}, {"gte", 4, false},
    {"lt", "text", false}, {"gt", nil, false},
    {"in", "a", true}, {"in", "b", true}, {"in", "c", false}, {"in", "", false},
    {"nin", "a", false}, {"nin", "c", true},
    {"exists", "x", true}, {"exists", false, true}, {"exists", nil, false},
    {"nexists", "x", false}, {"nexists", nil, true},
    {"contains", {"a", "b"}, true}, {"contains", {"b"}, false}, {"contains", {"ab"}, false}, {"contains", {}, false},
    {"contains", "cat", true}, {"contains", "dog", false},
    {"ncontains", {"a"}, false}, {"ncontains", {"b"}, true}, {"ncontains", "dog", true}, {"ncontains", "cat", false},
    {"matches", "abbc", true}, {"matches", "abbcd", false}, {"matches", "ac", false}, {"matches", nil, false},
    {"nmatches", "abbc", false}, {"nmatches", "xyz", true},
    {"actor-id", nil, true}, {"other-actor", nil, false},
    {"actor-team", nil, true}, {"actor-other-team", nil, false}, {"actor-level", nil, true},
    {"action-is", nil, true}, {"resource-is", nil, true},
    {"from-actor", "core", true}, {"from-actor", "edge", false}, {"from-resource", nil, false},
    {"pid", nil, true},
    -- all conditions of a policy must hold
    {"both", "core", true}, {"both", "edge", false}, {"both-fail", "core", false},
}

local function ask(policies, ...)
    local builder = process.with_context{}
        :with_actor(security.new_actor("tester", {team = "core", level = 3}))
        :with_scope(scope_of(policies))
    local result = exit_of(assert(builder:spawn_monitored("app.test:asker", HOST, ...)))
    assert(result.error == nil, "the asker failed: " .. tostring(result.error))
    return result.value
end

local function main()
    for i, row in ipairs(ROWS) do
        local shown = type(row[2]) == "table" and "{" .. table.concat(row[2], ", ") .. "}" or tostring(row[2])
        eq(ask({row[1]}, "can", "act", "thing.1", {v = row[2]}), row[3], "row " .. i .. ": " .. row[1] .. " with v = " .. shown)
    end
    eq(ask({"resource-is"}, "can", "act", "nothing", {}), false, "a resource that does not match the condition")
    eq(ask({"from-resource"}, "can", "act", "tester", {}), true, "a resource compared with value_from: actor.id")
    eq(ask({"actor-id"}, "can", "act", "thing.1"), true, "can without meta")
    eq(ask({"exists"}, "can", "act", "thing.1"), false, "can without meta, asked for a field of it")

    -- a deny with a condition denies only when that holds
    eq(ask({"all", "deny-secret"}, "can", "act", "x", {secret = true}), false, "a deny whose condition holds")
    eq(ask({"all", "deny-secret"}, "can", "act", "x", {secret = false}), true, "a deny whose condition does not hold")
    eq(ask({"all", "deny-secret"}, "can", "act", "x", {}), true, "a deny whose field is missing")

    -- attributes of a real check hold pid, the caller
    eq(ask({"self-only"}, "cancel self"), true, "cancel of oneself, allowed by resource = meta.pid")
    eq(ask({"self-only"}, "cancel other", process.pid()), errors.PERMISSION_DENIED, "cancel of another process")
    local got = channel.select{events:case_receive(), default = true}
    eq(got.default, true, "nobody could cancel us; default")
end

return {main = main}

--- program app.test:asker
local security = require("security")
return {main = function(what, ...)
    if what == "can" then return security.can(...) end
    local ok, err = process.cancel(what == "cancel self" and process.pid() or ..., "1h")
    return ok or err:kind()
end}
