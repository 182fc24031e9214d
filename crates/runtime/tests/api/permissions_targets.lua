--- policy
- name: "app.test:everything"
  kind: security.policy
  policy: {effect: allow, actions: ["*"], resources: ["*"]}
- {name: "app.test:only-send", kind: security.policy, policy: {effect: allow, actions: ["process.send"], resources: ["{app:processes|*"]}}
- {name: "app.test:only-terminate", kind: security.policy, policy: {effect: allow, actions: ["process.terminate"], resources: ["{app:processes|*"]}}
- {name: "app.test:only-cancel", kind: security.policy, policy: {effect: allow, actions: ["process.cancel"], resources: ["{app:processes|*"]}}
- {name: "app.test:only-monitor", kind: security.policy, policy: {effect: allow, actions: ["process.monitor"], resources: ["{app:processes|*"]}}
- {name: "app.test:only-unmonitor", kind: security.policy, policy: {effect: allow, actions: ["process.unmonitor"], resources: ["{app:processes|*"]}}
- {name: "app.test:only-link", kind: security.policy, policy: {effect: allow, actions: ["process.link"], resources: ["{app:processes|*"]}}
- {name: "app.test:only-unlink", kind: security.policy, policy: {effect: allow, actions: ["process.unlink"], resources: ["{app:processes|*"]}}
- {name: "app.test:no-send", kind: security.policy, policy: {effect: deny, actions: ["process.send"], resources: ["*"]}}
- {name: "app.test:no-terminate", kind: security.policy, policy: {effect: deny, actions: ["process.terminate"], resources: ["*"]}}
- {name: "app.test:no-cancel", kind: security.policy, policy: {effect: deny, actions: ["process.cancel"], resources: ["*"]}}
- {name: "app.test:no-monitor", kind: security.policy, policy: {effect: deny, actions: ["process.monitor"], resources: ["*"]}}
- {name: "app.test:no-unmonitor", kind: security.policy, policy: {effect: deny, actions: ["process.unmonitor"], resources: ["*"]}}
- {name: "app.test:no-link", kind: security.policy, policy: {effect: deny, actions: ["process.link"], resources: ["*"]}}
- {name: "app.test:no-unlink", kind: security.policy, policy: {effect: deny, actions: ["process.unlink"], resources: ["*"]}}
- {name: "app.test:by-name", kind: security.policy, policy: {effect: allow, actions: ["process.*"], resources: ["target-name"]}}

--- program app.test:main
local check = require("check")
local eq, has, recv, exit_of, scope_of =
    check.eq, check.has, check.recv, check.exit_of, check.scope_of

local events = process.events()

local HOST = "app:processes"

local security = require("security")

local ACTIONS = {"send", "terminate", "cancel", "monitor", "unmonitor", "link", "unlink"}

-- What a process with this scope gets when it does that to the target.
local function attempt(policies, action, target)
    local builder = process.with_context{}
        :with_actor(security.new_actor("tester", {}))
        :with_scope(scope_of(policies))
    local pid = assert(builder:spawn_monitored("app.test:restricted", HOST, action, target))
    local result = exit_of(pid)
    assert(result.error == nil, "the restricted process failed: " .. tostring(result.error))
    return result.value
end

local function sitter()
    return assert(process.spawn_monitored("app.test:sitter", HOST, process.pid()))
end

local function main()
    for _, action in ipairs(ACTIONS) do
        local target = sitter()
        local function denied(what, policies)
            local got = attempt(policies, action, target)
            eq(got.ok, false, action .. " with " .. what .. ": ok")
            eq(got.kind, errors.PERMISSION_DENIED, action .. " with " .. what .. ": kind")
            has(got.message, "process." .. action, action .. " with " .. what .. ": the message names the action")
        end
        local function allowed(what, policies)
            local got = attempt(policies, action, target)
            assert(got.ok, action .. " with " .. what .. ": wanted it allowed, got " .. tostring(got.message))
        end
        denied("nothing allowed", {})
        denied("a deny beside an allow of everything", {"everything", "no-" .. action})
        denied("a deny first", {"no-" .. action, "everything"})
        denied("an allow of another action", {action == "send" and "only-cancel" or "only-send"})
        -- the resource is the PID, also when a name is used, and never the name
        assert(process.registry.register("target-name", target))
        local got = attempt({"by-name"}, action, "target-name")
        eq(got.kind, errors.PERMISSION_DENIED, action .. " by name with the name as resource: kind")

        -- what was denied had no effect
        assert(process.send(target, "ask"))
        local told = recv(process.listen("told"), action .. ": the target")
        eq(told.messages, 0, action .. ": messages that arrived although denied")
        eq(told.events, 0, action .. ": events that arrived although denied")

        allowed("an allow of just that", {"only-" .. action})
        if action == "terminate" then
            exit_of(target)
            target = sitter()
        end
        allowed("an allow of everything", {"everything"})
        if action == "terminate" then
            exit_of(target)
            target = sitter()
            assert(process.registry.register("target-name", target))
        end
        got = attempt({"only-" .. action}, action, "target-name")
        assert(got.ok, action .. " by name: wanted it allowed, got " .. tostring(got.message))
        for _, other in ipairs(ACTIONS) do
            if other ~= action and other ~= "terminate" then
                local another = sitter()
                got = attempt({"everything", "no-" .. action}, other, another)
                assert(got.ok, other .. " beside a denied " .. action .. ": wanted it allowed, got " .. tostring(got.message))
                process.terminate(another)
            end
        end
        process.terminate(target)
        exit_of(target)
    end
end

return {main = main}

--- program app.test:restricted
return {main = function(action, target)
    local ok, err
    if action == "send" then ok, err = process.send(target, "hello")
    else ok, err = process[action](target) end
    assert(ok or err, action .. " must return something or an error")
    return {ok = ok == true, kind = err and err:kind(), message = err and err:message()}
end}

--- program app.test:sitter
return {main = function(top)
    local messages, count = process.inbox(), 0
    process.set_options{trap_links = true}
    while true do
        local message = messages:receive()
        if message:topic() == "ask" then
            local got = channel.select{process.events():case_receive(), default = true}
            process.send(top, "told", {messages = count, events = got.default and 0 or 1})
        else
            count = count + 1
        end
    end
end}
