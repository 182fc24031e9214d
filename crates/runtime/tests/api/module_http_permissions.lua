--- config actor=service:main policies=app.test:some,app.test:not-secret

--- policy
- name: app.test:some
  kind: security.policy
  policy:
    effect: allow
    actions: ["http.request", "env.get"]
    resources: ["*"]
- name: app.test:not-secret
  kind: security.policy
  policy:
    effect: deny
    actions: ["http.request"]
    resources: ["*"]
    conditions: [{field: resource, operator: matches, value: "^http://[^/]*/status/"}]

--- program app.test:main
local check = require("check")
local eq, fails = check.eq, check.fails

local http, env = require("http"), require("env")
local BASE = env.get("WEB")

local function main()
    eq(assert(http.get(BASE .. "/hello?x=/status/")).status, 200, "a URL that is allowed")
    fails(errors.PERMISSION_DENIED, "a URL that is not", http.get(BASE .. "/status/200"))
    -- Each step of a redirect is asked about.
    local r = assert(http.get(BASE .. "/redirect/302/status/200"))
    eq(r.status, 302, "a redirect to what is not allowed is not followed")
end

return {main = main}
