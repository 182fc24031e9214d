--- config actor=service:main policies=app.test:some

--- policy
- name: app.test:some
  kind: security.policy
  policy:
    effect: allow
    actions: ["queue.publish", "queue.consume", "events.publish", "events.subscribe"]
    resources: ["mine", "mine.*"]

--- program app.test:main
local check = require("check")
local eq, fails = check.eq, check.fails

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
