--- program app.test:main modules=time
local time = require("time")

local function recv(ch, what)
    local got = channel.select{ch:case_receive(), time.after("5s"):case_receive()}
    assert(got.channel == ch, "timed out after 5 s waiting for " .. (what or "a value"))
    return got.value, got.ok
end

local function eq(got, want, what)
    assert(got == want and math.type(got) == math.type(want),
        what .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
end

local function raises(what, pattern, f, ...)
    local ok, err = pcall(f, ...)
    assert(not ok, what .. ": wanted an error to be raised, got a return")
    assert(string.find(tostring(err), pattern), what .. ": wanted an error with '" .. pattern
        .. "', got " .. tostring(err))
    return err
end

local events = process.events()
local exits = {}

local function exit_of(pid)
    while not exits[pid] do
        local event = recv(events, "EXIT of " .. pid)
        assert(event.kind == process.event.EXIT, "wanted an EXIT, got " .. tostring(event.kind))
        assert(not exits[event.from], "a second EXIT of " .. tostring(event.from))
        exits[event.from] = event.result
    end
    return exits[pid]
end

local function good(id, ...)
    local pid, err = process.spawn_monitored(id, "app:processes", ...)
    assert(pid, "spawn of " .. id .. " failed: " .. tostring(err))
    local result = exit_of(pid)
    assert(result.error == nil, id .. " failed: " .. tostring(result.error))
    return result.value
end

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
