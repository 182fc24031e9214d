--- config actor=service:main policies=app.test:some

--- policy
- name: app.test:some
  kind: security.policy
  policy:
    effect: allow
    actions: ["queue.publish", "queue.consume", "events.publish", "events.subscribe"]
    resources: ["mine", "mine.*"]

--- program app.test:main
local function eq(got, want, what)
    assert(got == want and math.type(got) == math.type(want),
        what .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
end

local function fails(kind, what, value, err)
    assert(value == nil, what .. ": wanted nil and an error, got " .. tostring(value))
    assert(err ~= nil, what .. ": wanted an error, got none")
    assert(err:kind() == kind, what .. ": wanted kind " .. kind .. ", got " .. tostring(err:kind())
        .. " (" .. tostring(err) .. ")")
    return err
end

local function raises(what, pattern, f, ...)
    local ok, err = pcall(f, ...)
    assert(not ok, what .. ": wanted an error to be raised, got a return")
    assert(string.find(tostring(err), pattern), what .. ": wanted an error with '" .. pattern
        .. "', got " .. tostring(err))
    return err
end

local queue, news = require("queue"), require("events")
local DENIED = errors.PERMISSION_DENIED

local function main()
    eq(queue.publish("mine", 1), true, "a queue that is allowed")
    local delivery = assert(queue.consume("mine"))
    eq(delivery:ack(), true, "ack of what was consumed")
    fails(DENIED, "publish", queue.publish("other", 1))
    fails(DENIED, "consume", queue.consume("other"))
    fails(DENIED, "declare", queue.declare("mine", {}))
    fails(DENIED, "purge", queue.purge("mine"))
    fails(DENIED, "info", queue.info("mine"))

    local ch = assert(news.subscribe("mine.*"))
    eq(news.publish("mine.a", 1), 1, "a topic that is allowed")
    eq(ch:receive():payload(), 1, "and heard")
    fails(DENIED, "publish of an event", news.publish("other", 1))
    fails(DENIED, "subscribe to a topic", news.subscribe("other"))
    fails(DENIED, "subscribe to everything", news.subscribe("*"))
end

return {main = main}
