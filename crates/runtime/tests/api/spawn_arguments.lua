--- program app.test:main
local check = require("check")
local eq, fails, has, recv, good = check.eq, check.fails, check.has, check.recv, check.good

local HOST = "app:processes"

local function check_list(got, n, want, what)
    eq(got.n, n, what .. ": number of arguments")
    for i = 1, n do eq(got[i], want[i], what .. ": argument " .. i) end
end

local function main()
    check_list(good("app.test:list"), 0, {}, "no arguments")
    check_list(good("app.test:list", 1, "two", 3.0), 3, {1, "two", 3.0}, "three arguments")
    check_list(good("app.test:list", nil, 2, nil, 4), 4, {nil, 2, nil, 4}, "nils in the middle")
    check_list(good("app.test:list", false, nil, true), 3, {false, nil, true}, "booleans and nil")
    check_list(good("app.test:list", 1 << 62, 2^53, -0.0, "a\0b\255"), 4,
        {1 << 62, 2^53, -0.0, "a\0b\255"}, "numbers and bytes")

    -- the function: named by method, main by default, or the chunk's result itself
    eq(good("app.test:methods"), "main was called", "default method")
    eq(good("app.test:other_method", 7), "handle got 7", "method=handle")
    eq(good("app.test:bare_function", 8), "function got 8", "a chunk that returns a function")

    -- all variants pass arguments
    for _, name in ipairs{"spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored"} do
        local pid = assert(process[name]("app.test:reporter", HOST, process.pid(), nil, name))
        local message = recv(process.inbox(), "the report of " .. name)
        eq(message:from(), pid, name .. ": sender")
        check_list(message:payload(), 2, {nil, name}, name)
    end

    -- a shared table stays shared, a cycle a cycle, and it is all a copy
    local shared = {}
    shared.me = shared
    eq(good("app.test:same", shared, shared), "same and cyclic", "shared arguments")

    -- what cannot be copied is refused, and no process starts
    local pid, err = process.spawn_monitored("app.test:list", HOST, 1, {f = print})
    err = fails(errors.INVALID, "spawn with a function", pid, err)
    has(err, "cannot send a function", "message")
    has(err, "[2].f", "path in the message")
end

return {main = main}

--- program app.test:list
return {main = function(...) return table.pack(...) end}

--- program app.test:methods
return {
    main = function() return "main was called" end,
    handle = function() return "handle was called" end,
}

--- program app.test:other_method method=handle
return {
    main = function() return "main was called" end,
    handle = function(x) return "handle got " .. x end,
}

--- program app.test:bare_function
return function(x) return "function got " .. x end

--- program app.test:reporter
return {main = function(top, ...) process.send(top, "report", table.pack(...)) end}

--- program app.test:same
return {main = function(a, b)
    assert(a == b, "the two arguments must be one table")
    assert(a.me == a, "the cycle must be kept")
    return "same and cyclic"
end}
