--- program app.test:main
local check = require("check")
local eq, recv = check.eq, check.recv

local function same(got, want, path)
    path = path or "value"
    if type(want) ~= "table" then
        assert(got == want and math.type(got) == math.type(want),
            path .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
        return
    end
    assert(type(got) == "table", path .. ": wanted a table, got " .. tostring(got))
    for k, v in pairs(want) do same(got[k], v, path .. "." .. tostring(k)) end
    for k in pairs(got) do assert(want[k] ~= nil, path .. "." .. tostring(k) .. ": not wanted") end
end

local me = process.pid()
local inbox = process.inbox()

local function through(...)
    assert(process.send(me, "t", ...))
    return recv(inbox, "the message"):payload()
end

local function main()
    -- scalars; integers and floats are kept apart
    for _, v in ipairs{true, false, 0, 1, -1, math.maxinteger, math.mininteger, 1 << 53, 0.5, 1.0, -0.0,
        1e308, math.huge, -math.huge, 2^53, "", "text", "a\0b\xff\xfe", ("x"):rep(100000)} do
        eq(through(v), v, "a scalar")
    end
    eq(1 / through(-0.0), -math.huge, "the sign of -0.0")
    local nan = through(0/0)
    assert(nan ~= nan, "NaN must stay NaN, got " .. tostring(nan))
    eq(through(nil), nil, "nil alone")
    eq(through(), nil, "no value at all")

    -- several values are an array, nils keep their place
    same(through(1, "two", 3.0), {1, "two", 3.0})
    local holes = through(nil, 2, nil, 4)
    eq(holes[1], nil, "hole 1")
    eq(holes[2], 2, "after hole 1")
    eq(holes[3], nil, "hole 3")
    eq(holes[4], 4, "after hole 3")

    -- tables: nested, mixed keys, holes
    same(through{1, 2, {3, {4}}, name = "n", [10] = "ten", [2.5] = "float", [true] = "yes",
        [-1] = "minus", deep = {a = {b = {c = {}}}}},
        {1, 2, {3, {4}}, name = "n", [10] = "ten", [2.5] = "float", [true] = "yes",
        [-1] = "minus", deep = {a = {b = {c = {}}}}})
    local sparse = through{[1] = "a", [3] = "c", [1000000] = "m"}
    same(sparse, {[1] = "a", [3] = "c", [1000000] = "m"})
    local list = {}
    for i = 1, 10000 do list[i] = i end
    local copy = through(list)
    eq(#copy, 10000, "length of a long list")
    eq(copy[9999], 9999, "its last but one")

    -- shared references and cycles
    local part = {1}
    local twice = through{a = part, b = part, c = {1}}
    assert(twice.a == twice.b, "a shared table must stay shared")
    assert(twice.a ~= twice.c, "an equal table must stay apart")
    assert(twice.a ~= part, "it must be a copy")
    local ring = {}
    ring.self, ring.list = ring, {ring}
    ring = through(ring)
    assert(ring.self == ring and ring.list[1] == ring, "a cycle must be kept")
    local keyed = {}
    local key = {k = 1}
    keyed[key], keyed.key = "by table", key
    keyed = through(keyed)
    eq(keyed[keyed.key], "by table", "a table as key stays the same table")
    part = {}
    local across = through(part, part)
    assert(across[1] == across[2], "sharing between two values of one message")

    -- depth is no danger
    local deep = {}
    for _ = 1, 20000 do deep = {deep} end
    deep = through(deep)
    local depth = 0
    while deep[1] do deep, depth = deep[1], depth + 1 end
    eq(depth, 20000, "depth of a nested table")

    -- a copy: later changes on either side stay there
    local original = {x = 1}
    assert(process.send(me, "t", original))
    original.x = 2
    copy = recv(inbox):payload()
    eq(copy.x, 1, "what was sent is what it was then")
    copy.x = 3
    eq(original.x, 2, "a change of the copy")

    -- metatables are dropped, not obeyed
    local called = false
    local meta = setmetatable({x = 1}, {
        __index = function() called = true return "magic" end,
        __pairs = function() called = true return next, {} end,
        __len = function() called = true return 5 end,
    })
    copy = through(meta)
    eq(copy.x, 1, "a raw field")
    eq(copy.y, nil, "a field of the metatable")
    eq(getmetatable(copy), nil, "the metatable of a copy")
    eq(called, false, "no metamethod is called; called")
    eq(getmetatable(through("text")).__index, string, "strings keep theirs")

    -- error objects
    local err = errors.new{message = "sent", kind = errors.CONFLICT, retryable = true, details = {n = {1, 2}}}
    err = through{err = err}.err
    eq(type(err), "userdata", "type of an error that was sent")
    eq(err:kind(), errors.CONFLICT, "its kind")
    eq(err:message(), "sent", "its message")
    eq(err:retryable(), true, "its retryable")
    eq(err:details().n[2], 2, "its details")
end

return {main = main}
