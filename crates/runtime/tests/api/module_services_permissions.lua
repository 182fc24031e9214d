--- config actor=service:main policies=app.test:some,app.test:own-keys

--- policy
- name: app.test:some
  kind: security.policy
  policy:
    effect: allow
    actions: ["env.get", "metrics.*", "store.read"]
    resources: ["GREETING", "mine_*", "cache"]
- name: app.test:own-keys
  kind: security.policy
  policy:
    effect: allow
    actions: ["store.write"]
    resources: ["cache"]
    conditions: [{field: meta.key, operator: eq, value: allowed}]

--- program app.test:main
local check = require("check")
local eq, fails = check.eq, check.fails

local env, metrics, store = require("env"), require("metrics"), require("store")
local DENIED = errors.PERMISSION_DENIED

local function main()
    eq(env.get("GREETING"), "hello", "a variable that is allowed")
    fails(DENIED, "a variable that is not", env.get("EMPTY"))
    eq(env.all().GREETING, "hello", "all() shows what is allowed")

    local mine = assert(metrics.counter("mine_total"))
    eq(mine:add(2), true, "a metric that is allowed")
    eq(mine:value(), 2.0, "its value")
    fails(DENIED, "a metric that is not", metrics.counter("other_total"))
    fails(DENIED, "the text of all of them", metrics.text())

    local s = assert(store.open("cache"))
    fails(errors.NOT_FOUND, "a store that may be read", s:get("allowed"))
    eq(#s:keys("x"), 0, "its keys")
    assert(s:set("allowed", 1), "a key that a condition allows")
    fails(DENIED, "a key that may not be written", s:set("other", 1))
    fails(DENIED, "clear", s:clear())
    fails(DENIED, "delete", s:delete("other"))
    fails(DENIED, "increment", s:increment("other"))
    fails(DENIED, "compare_and_set", s:compare_and_set("other", 0, 1))
    local hidden = assert(store.open("hidden"))
    fails(DENIED, "a store that may not be read", hidden:get("x"))
    fails(DENIED, "its count", hidden:count())
    local own = assert(store.open("hidden", {shared = false}))
    eq(own:set("x", 1), 1, "one's own store needs no permission")
end

return {main = main}
