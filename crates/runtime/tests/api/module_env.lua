--- program app.test:main
local env = require("env")
local check = require("check")
local eq, fails, raises = check.eq, check.fails, check.raises

local function main()
    -- also at the top level of a program that asks for nothing else
    eq(process.call("app.test:top", "app:processes"), "hello", "a variable at the top level")

    -- the node of these tests has GREETING, WEB and NOBODY, and EMPTY granted but not set
    eq(env.get("GREETING"), "hello", "a variable")
    fails(errors.NOT_FOUND, "a variable that is not set", env.get("EMPTY"))
    local err = fails(errors.PERMISSION_DENIED, "a variable that is not granted", env.get("PATH"))
    assert(err:message():find("--grant env:PATH", 1, true), "it must say what to do: " .. err:message())

    local all = env.all()
    eq(all.GREETING, "hello", "all()")
    local count = 0
    for _ in pairs(all) do count = count + 1 end
    eq(count, 3, "number of variables in all()")
    all.GREETING = "changed"
    eq(env.get("GREETING"), "hello", "a change of the table changes nothing else")

    fails(errors.INVALID, "get of nothing", env.get())
    raises("get of a table", "string expected, got table", env.get, {})
    fails(errors.INVALID, "get of an empty name", env.get(""))
end

return {main = main}

--- program app.test:top
local greeting = require("env").get("GREETING")
return {main = function() return greeting end}
