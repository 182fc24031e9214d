--- policy
- {name: "app.test:everything", kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}
- {name: "app.test:spawn", kind: security.policy, policy: {effect: allow, actions: ["process.spawn"], resources: ["app.test:quick"]}}
- {name: "app.test:monitored", kind: security.policy, policy: {effect: allow, actions: ["process.spawn.monitored"], resources: ["app.test:quick"]}}
- {name: "app.test:linked", kind: security.policy, policy: {effect: allow, actions: ["process.spawn.linked"], resources: ["app.test:quick"]}}
- {name: "app.test:host", kind: security.policy, policy: {effect: allow, actions: ["process.host"], resources: ["app:processes"]}}
- {name: "app.test:call", kind: security.policy, policy: {effect: allow, actions: ["process.call"], resources: ["app.test:quick"]}}
- {name: "app.test:exec", kind: security.policy, policy: {effect: allow, actions: ["process.exec"], resources: ["app.test:quick"]}}
- {name: "app.test:context", kind: security.policy, policy: {effect: allow, actions: ["process.context"], resources: ["context"]}}
- {name: "app.test:other-program", kind: security.policy, policy: {effect: allow, actions: ["process.*"], resources: ["app.test:other"]}}
- {name: "app.test:other-host", kind: security.policy, policy: {effect: allow, actions: ["process.host"], resources: ["app:elsewhere"]}}
- {name: "app.test:no-spawn", kind: security.policy, policy: {effect: deny, actions: ["process.spawn"], resources: ["*"]}}
- {name: "app.test:no-monitored", kind: security.policy, policy: {effect: deny, actions: ["process.spawn.monitored"], resources: ["*"]}}
- {name: "app.test:no-linked", kind: security.policy, policy: {effect: deny, actions: ["process.spawn.linked"], resources: ["*"]}}
- {name: "app.test:no-host", kind: security.policy, policy: {effect: deny, actions: ["process.host"], resources: ["*"]}}
- {name: "app.test:no-call", kind: security.policy, policy: {effect: deny, actions: ["process.call"], resources: ["*"]}}

--- program app.test:main
local check = require("check")
local eq, has, exit_of, scope_of = check.eq, check.has, check.exit_of, check.scope_of

local HOST = "app:processes"

local security = require("security")

-- The table "Multiple permissions": what each variant needs.
local NEEDS = {
    spawn = {"spawn", "host"},
    spawn_monitored = {"spawn", "monitored", "host"},
    spawn_linked = {"spawn", "linked", "host"},
    spawn_linked_monitored = {"spawn", "monitored", "linked", "host"},
    call = {"call", "host"},
}
local ACTION = {spawn = "process.spawn", monitored = "process.spawn.monitored", linked = "process.spawn.linked",
    host = "process.host", call = "process.call"}

local function attempt(policies, ...)
    local builder = process.with_context{}
        :with_actor(security.new_actor("tester", {}))
        :with_scope(scope_of(policies))
    local pid = assert(builder:spawn_monitored("app.test:restricted", HOST, ...))
    local result = exit_of(pid)
    assert(result.error == nil, "the restricted process failed: " .. tostring(result.error))
    return result.value
end

local function allowed(what, policies, ...)
    local got = attempt(policies, ...)
    assert(got.ok, what .. ": wanted it allowed, got " .. tostring(got.message))
end

local function denied(what, policies, ...)
    local got = attempt(policies, ...)
    assert(not got.ok, what .. ": wanted it denied, got a value")
    eq(got.kind, errors.PERMISSION_DENIED, what .. ": kind")
    return got
end

local function main()
    for variant, needs in pairs(NEEDS) do
        for _, way in ipairs{"module", "builder"} do
            if not (way == "builder" and variant == "call") then
                local what = way .. " " .. variant
                local base = way == "builder" and {"context"} or {}
                local function scope(names)
                    return table.move(names, 1, #names, #base + 1, table.move(base, 1, #base, 1, {}))
                end
                -- exactly what it needs is enough
                allowed(what .. " with what it needs", scope(needs), way, variant)
                allowed(what .. " with everything", {"everything"}, way, variant)
                denied(what .. " with nothing", scope{}, way, variant)
                for i, missing in ipairs(needs) do
                    -- one less is not
                    local less = table.move(needs, 1, #needs, 1, {})
                    table.remove(less, i)
                    local got = denied(what .. " without " .. missing, scope(less), way, variant)
                    has(got.message, ACTION[missing], what .. " without " .. missing .. ": the message names the action")
                    -- nor is everything with one denied
                    denied(what .. " with " .. missing .. " denied", {"everything", "no-" .. missing}, way, variant)
                end
                -- permissions for another program or another host
                denied(what .. " of a program that is not allowed", scope{"other-program", "host"}, way, variant)
                local elsewhere = table.move(needs, 1, #needs, 1, {})
                elsewhere[#elsewhere] = "other-host"
                denied(what .. " on a host that is not allowed", scope(elsewhere), way, variant)
            end
        end
    end

    -- a denial of what a variant does not need does not matter to it
    allowed("spawn with monitored denied", {"everything", "no-monitored", "no-linked", "no-call"}, "module", "spawn")
    allowed("spawn_monitored with linked denied", {"everything", "no-linked"}, "module", "spawn_monitored")
    allowed("spawn_linked with monitored denied", {"everything", "no-monitored"}, "module", "spawn_linked")
    allowed("call with spawn denied", {"everything", "no-spawn"}, "module", "call")

    -- exec: process.exec or process.call
    allowed("exec with process.call", {"call", "host"}, "module", "exec")
    allowed("exec with process.exec", {"exec", "host"}, "module", "exec")
    denied("exec with neither", {"host"}, "module", "exec")
    denied("exec without the host", {"exec", "call"}, "module", "exec")

end

return {main = main}

--- program app.test:restricted
return {main = function(way, variant)
    local value, err
    if way == "builder" then
        local builder = process.with_context{}
        value, err = builder[variant](builder, "app.test:quick", "app:processes")
    else
        value, err = process[variant]("app.test:quick", "app:processes")
    end
    return {ok = value ~= nil, kind = err and err:kind(), message = err and err:message()}
end}

--- program app.test:quick
return {main = function() return "quick" end}

--- program app.test:other
return {main = function() return "other" end}
