--- program app.test:main modules=time
local check = require("check")
local eq, raises, good = check.eq, check.raises, check.good

-- What a program does not have, and what `require` gives it.
local function main()
    eq(io, nil, "io")
    eq(dofile, nil, "dofile")
    eq(loadfile, nil, "loadfile")
    for _, name in ipairs{"execute", "exit", "remove", "rename", "getenv", "tmpname", "setlocale"} do
        eq(os and os[name], nil, "os." .. name)
    end
    for name in pairs(debug or {}) do eq(name, "traceback", "the only function of debug") end
    eq(type(debug.traceback("x")), "string", "debug.traceback")
    assert(type(package) ~= "table" or package.loadlib == nil, "package.loadlib must not be there")

    -- load: source text yes, bytecode no
    eq(assert(load("return 1 + 1"))(), 2, "load of a text")
    local f, err = load("\27Lua\x54\0\x19\x93\r\n\x1a\n")
    eq(f, nil, "load of bytecode")
    eq(type(err), "string", "its error")
    f, err = load("return +")
    eq(f, nil, "load of a text with an error")
    eq(type(err), "string", "its error")
    if string.dump then
        local ok, code = pcall(string.dump, function() return 1 end)
        assert(not ok or load(code) == nil, "load of what string.dump gave")
    end
    local env = {}
    assert(load("x = 1", "chunk", "t", env))()
    eq(env.x, 1, "load with an environment")
    eq(rawget(_G, "x"), nil, "our own globals")

    -- require: the modules that the program lists, and no others
    eq(type(require("time").now), "function", "a listed module")
    assert(require("time") == require("time"), "require twice must give the same table")
    for _, name in ipairs{"json", "fs", "ctx", "logger", "security", "io", "os.execute", "no.such.module", ""} do
        local text = raises("require of " .. name, "not found", require, name)
        assert(tostring(text):find("module '" .. name .. "' not found", 1, true),
            "wanted module '" .. name .. "' not found, got " .. tostring(text))
    end
    eq(rawget(_G, "json"), nil, "an unlisted module is no global")
    eq(rawget(_G, "fs"), nil, "an unlisted module is no global")
    raises("require of nothing", "", require)

    -- the same holds for a child, whatever its parent has
    eq(good("app.test:other"), "json only", "a program with another list")
    eq(good("app.test:late"), "caught", "a require inside the main function")

    -- print is there; whatever it is given
    print("a line", 1, nil, {}, errors.new("an error"))
    print()

    -- the string metatable is no way out
    eq(getmetatable("").__index, string, "the string metatable")
end

return {main = main}

--- program app.test:other modules=json
local json = require("json")
local ok = pcall(require, "time")
return {main = function() return not ok and json.encode(1) == "1" and "json only" end}

--- program app.test:late modules=json
return {main = function()
    local ok, err = pcall(require, "time")
    return not ok and tostring(err):find("module 'time' not found", 1, true) and "caught"
end}
