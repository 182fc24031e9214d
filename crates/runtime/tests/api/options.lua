--- program app.test:main
local check = require("check")
local eq, good = check.eq, check.good

local function refused(what, options)
    local before = process.get_options().trap_links
    local ok, err = process.set_options(options)
    eq(ok, false, what .. ": set_options returns false")
    assert(err ~= nil, what .. ": wanted an error, got none")
    eq(err:kind(), errors.INVALID, what .. ": kind")
    eq(process.get_options().trap_links, before, what .. ": nothing changes")
end

local function main()
    local options = process.get_options()
    eq(type(options), "table", "type of get_options()")
    eq(options.trap_links, false, "trap_links by default")
    for k in pairs(options) do eq(k, "trap_links", "the only option") end

    local ok, err = process.set_options{trap_links = true}
    eq(ok, true, "set_options")
    eq(err, nil, "second result of set_options")
    eq(process.get_options().trap_links, true, "trap_links after it was set")

    for _, setting in ipairs{true, false} do
        assert(process.set_options{trap_links = setting})
        refused("an unknown key", {no_such_option = true})
        refused("an unknown key beside a good one", {trap_links = not setting, no_such_option = 1})
        refused("a number", {trap_links = 1})
        refused("a string", {trap_links = "true"})
        refused("a table", {trap_links = {}})
        refused("an array", {true})
    end

    -- nothing to change is fine
    assert(process.set_options{trap_links = true})
    eq(process.set_options{}, true, "set_options{}")
    eq(process.get_options().trap_links, true, "trap_links after set_options{}")

    -- what get_options returns is a copy
    process.get_options().trap_links = false
    eq(process.get_options().trap_links, true, "after a change of the table that get_options returned")
    eq(process.set_options(process.get_options()), true, "get_options() fits set_options")

    -- options are one's own: children start with the defaults
    eq(good("app.test:child"), false, "trap_links of a child of one that traps")

    local missing, why = process.set_options()
    assert(not missing and why ~= nil and why:kind() == errors.INVALID,
        "set_options without an argument: wanted a failure of kind Invalid, got " .. tostring(missing))
end

return {main = main}

--- program app.test:child
return {main = function() return process.get_options().trap_links end}
