--- config actor=service:main policies=app.test:some

--- policy
- name: app.test:some
  kind: security.policy
  policy:
    effect: allow
    actions: ["funcs.call"]
    resources: ["app.test:allowed"]

--- program app.test:main
local check = require("check")
local eq, fails, raises = check.eq, check.fails, check.raises

local funcs, security = require("funcs"), require("security")
local DENIED = errors.PERMISSION_DENIED

local function main()
    -- funcs.call is all that a function needs: neither process.call nor process.host
    eq(funcs.call("app.test:allowed"), "service:main", "a function that is allowed")
    eq(funcs.async("app.test:allowed"):await(), "service:main", "as a future")
    fails(DENIED, "a function that is not", funcs.call("app.test:other"))
    fails(DENIED, "async of a function that is not", funcs.async("app.test:other"))
    fails(DENIED, "process.call of the same", process.call("app.test:allowed", "app:processes"))

    -- another actor, or context, needs a permission of its own
    local base = funcs.new()
    raises("with_context", "process.context", base.with_context, base, {})
    raises("with_actor", "process.security", base.with_actor, base, security.actor())
    raises("with_scope", "process.security", base.with_scope, base, security.scope())
end

return {main = main}

--- program app.test:allowed
local security = require("security")
return {main = function() return security.actor():id() end}
--- program app.test:other
return {main = function() end}
