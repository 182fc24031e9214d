--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, exit_of, good =
    check.eq, check.fails, check.raises, check.exit_of, check.good

local store = require("store")

local function main()
    local s = assert(store.open("cache"))

    -- set, get, has, delete; all kinds of values
    fails(errors.NOT_FOUND, "get of what is not there", s:get("a"))
    eq(s:has("a"), false, "has")
    eq(s:delete("a"), false, "delete of what is not there")
    for _, value in ipairs{1, 2.5, math.maxinteger, true, false, "text", ("long"):rep(1000), "\0\xff"} do
        assert(s:set("a", value))
        eq(s:get("a"), value, "get")
        eq(s:has("a"), true, "has")
    end
    local shared = {1}
    local table_in = {1, {b = "c"}, shared, shared, n = 2.0}
    table_in.self = table_in
    assert(s:set("t", table_in))
    table_in[2].b = "changed"
    local out = s:get("t")
    eq(out[2].b, "c", "a table is copied on its way in")
    eq(out[3], out[4], "what was shared is shared")
    eq(out.self, out, "cycles are kept")
    out[2].b = "changed"
    eq(s:get("t")[2].b, "c", "a table is copied on its way out")
    assert(s:set("e", errors.new{kind = errors.CONFLICT, message = "boom"}))
    eq(s:get("e"):message(), "boom", "an error object")
    eq(s:delete("a"), true, "delete")
    fails(errors.NOT_FOUND, "get of what was deleted", s:get("a"))
    assert(s:set("k\0k", 1))
    eq(s:get("k\0k"), 1, "a key with a zero byte")
    eq(s:has("k"), false, "and no other")

    -- versions, compare and set
    local first = assert(s:set("v", "one"))
    eq(math.type(first), "integer", "type of a version")
    local second = assert(s:set("v", "two"))
    assert(second > first, "versions must grow")
    fails(errors.CONFLICT, "an old version", s:compare_and_set("v", first, "three"))
    eq(s:get("v"), "two", "what was refused has changed nothing")
    local third = assert(s:compare_and_set("v", second, "three"))
    eq(s:get("v"), "three", "compare_and_set")
    fails(errors.CONFLICT, "version 0 of what is there", s:compare_and_set("v", 0, "x"))
    assert(s:compare_and_set("new", 0, "made"))
    eq(s:get("new"), "made", "compare_and_set of what was not there")
    local entry = assert(s:entry("v"))
    eq(entry.version, third, "version of the entry")
    eq(entry.value, "three", "value of the entry")
    eq(entry.ttl, nil, "ttl of an entry that stays")
    eq(s:entry("t").value[2].b, "c", "a table in an entry")
    fails(errors.NOT_FOUND, "entry of what is not there", s:entry("a"))

    -- increment
    eq(s:increment("n"), 1, "increment of what is not there")
    eq(s:increment("n", 41), 42, "increment")
    eq(s:increment("n", -50), -8, "increment downwards")
    eq(s:get("n"), -8, "and get")
    fails(errors.INVALID, "increment of a text", s:increment("v"))
    s:set("big", math.maxinteger)
    fails(errors.INVALID, "increment over the end", s:increment("big"))
    eq(s:get("big"), math.maxinteger, "what was refused has changed nothing")

    -- time to live
    assert(s:set("brief", 1, "10ms"))
    assert(s:set("long", 1, "1h"))
    local rest = s:entry("long").ttl
    assert(rest > 3500 * 1000000000 and rest <= 3600 * 1000000000, "ttl of an hour: " .. rest)
    eq(s:increment("long"), 2, "increment of what expires")
    assert(s:entry("long").ttl, "it still expires")
    local deadline = time.now() + 5000000000
    while s:has("brief") and time.now() < deadline do time.sleep("2ms") end
    fails(errors.NOT_FOUND, "get of what has expired", s:get("brief"))
    eq(s:compare_and_set("brief", 0, 2, 0) ~= nil, true, "an expired one counts as none")
    fails(errors.NOT_FOUND, "a ttl of zero is over at once", s:get("brief"))
    assert(s:set("long", 3))
    eq(s:entry("long").ttl, nil, "set without ttl stays")

    -- keys, count, clear
    local list = assert(store.open("list"))
    for i = 1, 30 do list:set(("item:%02d"):format(i), i) end
    list:set("other", 1)
    list:set("gone", 1, 0)
    local keys, is_all = list:keys("item:")
    eq(#keys, 30, "number of keys with a prefix")
    eq(keys[1] .. keys[30], "item:01item:30", "keys are in order")
    eq(is_all, true, "these are all")
    keys, is_all = list:keys("item:", 10)
    eq(#keys, 10, "number of keys with a limit")
    eq(is_all, false, "these are not all")
    eq(#list:keys(), 31, "all keys")
    eq(#list:keys("x"), 0, "no keys")
    eq(list:count(), 31, "count")
    assert(list:clear())
    eq(list:count(), 0, "count after clear")
    eq(s:has("v"), true, "clear of another store")

    -- shared between processes, or not
    local counter = assert(store.open("counter"))
    local pids = {}
    for i = 1, 8 do pids[i] = process.spawn_monitored("app.test:counter", "app:processes", 50) end
    for _, pid in ipairs(pids) do assert(exit_of(pid).error == nil) end
    eq(counter:get("n"), 400, "eight processes that count")
    eq(counter:get("swaps"), 80, "eight processes that compare and set")
    local own = assert(store.open("cache", {shared = false}))
    fails(errors.NOT_FOUND, "an own store of the same name", own:get("v"))
    own:set("v", "mine")
    eq(s:get("v"), "three", "the shared one is another")
    eq(good("app.test:private"), "none", "a child sees nothing of it")
    eq(own:get("v"), "mine", "and changes nothing of it")

    -- mistakes
    fails(errors.INVALID, "open of nothing", store.open())
    fails(errors.INVALID, "open of an empty name", store.open(""))
    fails(errors.INVALID, "open of a long name", store.open(("x"):rep(256)))
    raises("open of a table", "string expected", store.open, {})
    fails(errors.INVALID, "an unknown option", store.open("x", {ttl = 1}))
    fails(errors.INVALID, "an option of the wrong type", store.open("x", {shared = 1}))
    for _, name in ipairs{"get", "entry", "has", "set", "compare_and_set", "increment", "delete"} do
        fails(errors.INVALID, name .. " of nothing", s[name](s))
        raises(name .. " of a table", "string expected, got table", s[name], s, {}, 1, 1)
    end
    fails(errors.INVALID, "set of nil", s:set("k", nil))
    for _, name in ipairs{"get", "entry", "has", "delete", "increment"} do
        fails(errors.INVALID, name .. " of an empty key", s[name](s, ""))
        fails(errors.INVALID, name .. " of a long key", s[name](s, ("k"):rep(513)))
    end
    for _, key in ipairs{"", ("k"):rep(513)} do
        fails(errors.INVALID, "set of a key of " .. #key, s:set(key, 1))
        fails(errors.INVALID, "compare_and_set of a key of " .. #key, s:compare_and_set(key, 7, 1))
    end
    assert(s:set(("k"):rep(512), 1))
    eq(s:get(("k"):rep(512)), 1, "the longest key")
    local err = fails(errors.INVALID, "a negative version", s:compare_and_set("absent", -1, 1))
    assert(err:message():find("-1", 1, true), "it must show it: " .. err:message())
    eq(s:has("absent"), false, "it has set nothing")
    err = fails(errors.INVALID, "a function", s:set("k", {f = print}))
    assert(err:message():find("value.f", 1, true), "it must say where: " .. err:message())
    fails(errors.INVALID, "a ttl that is none", s:set("k", 1, "soon"))
    raises("a version that is none", "number expected", s.compare_and_set, s, "k", "x", 1)
    err = fails(errors.UNAVAILABLE, "a value too large", s:set("k", ("x"):rep((4 << 20) + 1)))
    eq(err:details().limit, "store", "its limit")

    -- limits
    for i = 1, 20 do
        local other = store.open("own" .. i, {shared = false})
        local ok
        ok, err = other:set("k", 1)
        if not ok then break end
    end
    eq(err and err:kind(), errors.UNAVAILABLE, "too many stores of one's own")
    eq(err:details().limit, "store", "their limit")
    local large, full = store.open("large"), nil
    for i = 1, 100 do
        local ok
        ok, full = large:set("k" .. i, ("x"):rep(3 << 20))
        if not ok then break end
    end
    eq(full and full:kind(), errors.UNAVAILABLE, "a full store")
    assert(large:delete("k1"))
    assert(large:set("k1", "small"), "after a delete there is room")
    assert(large:clear())
end

return {main = main}

--- program app.test:counter
local store = require("store")
return {main = function(times)
    local s = store.open("counter")
    for i = 1, times do s:increment("n") end
    local done = 0
    while done < 10 do
        local entry = s:entry("swaps")
        local version, value = 0, 0
        if entry then version, value = entry.version, entry.value end
        if s:compare_and_set("swaps", version, value + 1) then done = done + 1 end
    end
end}

--- program app.test:private
local store = require("store")
return {main = function()
    local own = store.open("cache", {shared = false})
    if own:has("v") then return "some" end
    own:set("v", "the child's")
    return "none"
end}
