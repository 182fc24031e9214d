--- program app.test:main
local time = require("time")
local check = require("check")
local eq, recv = check.eq, check.recv

-- Every blocking call works wherever Lua code can stand. Values come from this process's own
-- mailbox, so that each receive really waits for the feeder coroutine.
local me = process.pid()
local topic = process.listen("feed")
local want = channel.new()

local function ask(v)
    -- blocks twice: on a rendezvous, then on the mailbox
    want:send(v)
    return (recv(topic, "the feeder"))
end

local ways = {}
function ways.pcall() return select(2, pcall(ask, 1)) end
function ways.nested_pcall() return select(2, pcall(function() return select(2, pcall(ask, 1)) end)) end
function ways.xpcall() return select(2, xpcall(ask, debug.traceback, 1)) end
function ways.message_handler() return select(2, xpcall(error, function() return ask(1) end)) end
function ways.error_after_wait()
    local ok, err = pcall(function() error({ask(1)}) end)
    return not ok and err[1]
end
for event, use in pairs{
    __add = function(t) return t + 1 end, __concat = function(t) return t .. "x" end,
    __unm = function(t) return -t end, __len = function(t) return #t end,
    __index = function(t) return t.field end, __call = function(t) return t(1) end,
    __idiv = function(t) return 1 // t end, __band = function(t) return t & 1 end,
    __shl = function(t) return 1 << t end, __pow = function(t) return t ^ 2 end,
} do
    ways[event] = function() return use(setmetatable({}, {[event] = function() return ask(1) end})) end
end
local function comparing(event, f) return setmetatable({}, {[event] = f}) end
function ways.__eq()
    local f = function() return ask(1) == 1 end
    return comparing("__eq", f) == comparing("__eq", f) and 1
end
function ways.__lt() return comparing("__lt", function() return ask(1) == 1 end) < {} and 1 end
function ways.__le() return comparing("__le", function() return ask(1) == 1 end) <= {} and 1 end
function ways.__newindex()
    local got
    local t = setmetatable({}, {__newindex = function(_, _, v) got = ask(v) end})
    t.x = 1
    return got
end
function ways.__tostring()
    return tonumber(tostring(setmetatable({}, {__tostring = function() return tostring(ask(1)) end})))
end
function ways.__pairs()
    for _, v in pairs(setmetatable({}, {__pairs = function() return next, {ask(1)} end})) do return v end
end
function ways.__close()
    local got
    do
        local guard <close> = setmetatable({}, {__close = function() got = ask(1) end})
        assert(guard)
    end
    return got
end
function ways.iterator()
    for v in function(_, last) return not last and ask(1) or nil end do return v end
end
function ways.sort()
    local t = {5, 3, 4, 1, 2}
    table.sort(t, function(a, b) return ask(a) < ask(b) end)
    eq(table.concat(t, " "), "1 2 3 4 5", "a list sorted by a comparator that waits")
    return t[1]
end
function ways.gsub()
    local s = ("a1b2"):gsub("%d", function(d) return ask(d) .. "!" end)
    eq(s, "a1!b2!", "gsub with a function that waits")
    return 1
end
function ways.gsub_index()
    local t = setmetatable({}, {__index = function(_, k) return ask(k .. k) end})
    eq(("xy"):gsub(".", t), "xxyy", "gsub with a table whose __index waits")
    return 1
end
function ways.gmatch()
    local sum = 0
    for d in ("1 2 3"):gmatch("%d") do sum = sum + ask(tonumber(d)) end
    return sum - 5
end
function ways.coroutine()
    return coroutine.wrap(function() return ask(1) end)()
end
function ways.nested_coroutines()
    return coroutine.wrap(function()
        return coroutine.wrap(function() return select(2, pcall(ask, 1)) end)()
    end)()
end
function ways.generator()
    local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(ask(i)) end end)
    return gen() * gen() * gen() - 5
end
function ways.coroutine_in_sort()
    local t = {2, 1}
    table.sort(t, function(a, b) return coroutine.wrap(function() return ask(a) < ask(b) end)() end)
    return t[1]
end
function ways.tail_call() local function f(n) if n == 0 then return ask(1) end return f(n - 1) end return f(100) end
function ways.deep_recursion()
    local function f(n) if n == 0 then return ask(1) end return (f(n - 1)) end
    return f(5000)
end
function ways.varargs() return select("#", ask(1), ask(2), ask(3)) - 2 end
function ways.load() return assert(load("local ask = ... return ask(1)"))(ask) end
function ways.load_reader()
    local parts = {"return", " ", "1"}
    local ok, result = pcall(function() return assert(load(function() return table.remove(parts, ask(1)) end))() end)
    -- the one place where a clear error that names the boundary is as good
    return ok and result or tostring(result):find("load") and 1
end
function ways.table_concat()
    return tonumber(table.concat({ask(1)}))
end
function ways.foreach_sleep()
    time.sleep("1ms")
    return select(2, pcall(function() time.sleep("1ms") return ask(1) end))
end

local function main()
    coroutine.spawn(function()
        while true do assert(process.send(me, "feed", (want:receive()))) end
    end)
    local names = {}
    for name in pairs(ways) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
        local done = channel.new(1)
        coroutine.spawn(function() done:send({ways[name]()}) end)
        eq(recv(done, "the way " .. name)[1], 1, "waiting in " .. name)
    end

    -- several of them at once do not mix up
    local done = channel.new()
    for i = 1, 20 do
        coroutine.spawn(function()
            local t = {3, 1, 2}
            local turn = channel.new(1)
            table.sort(t, function(a, b) turn:send(a < b) return (turn:receive()) end)
            done:send(table.concat(t) .. ":" .. i)
        end)
    end
    local seen = {}
    for _ = 1, 20 do seen[recv(done, "a sorter")] = true end
    for i = 1, 20 do eq(seen["123:" .. i], true, "sorter " .. i) end
end

return {main = main}
