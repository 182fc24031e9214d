-- Finalizers: order, arguments, errors, resurrection, what they may do, and the end of the program.
local function collect() collectgarbage() collectgarbage() end
local out = {}
local function note(...) local t = { ... } for i = 1, #t do t[i] = tostring(t[i]) end out[#out + 1] = table.concat(t, ":") end
local function show() print(table.concat(out, " ")) out = {} end
-- Objects of a test are in a bag that is dropped at once: so they go together, whenever the collector
-- comes by. Wiping removes what calls have left on the stack.
local function wipe() local a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a2, b2, c2, d2, e2, f2, g2, h2, i2, j2 return a end
local bag
local function bagged(o, meta) bag[#bag + 1] = o return setmetatable(o, meta) end
local function new(name, more) local o = more or {} o.name = name return bagged(o, { __gc = function(s) note(s.name) end }) end
local function test(f) bag = {} f() wipe() bag = nil wipe() collect() show() end
local function drop(...) bag = {} for _, name in ipairs { ... } do new(name) end wipe() bag = nil end
drop("a", "b", "c", "d") collect() show()
-- one argument, no results wanted
test(function() bagged({ "self" }, { __gc = function(...) note(select("#", ...), (...)[1]) return 1, 2, 3 end }) end)
-- errors are warnings, the others are called
test(function() new("before") bagged({}, { __gc = function() error("in a finalizer") end }) bagged({}, { __gc = function() error({}) end }) bagged({}, { __gc = function() local x = nil; x() end }) new("after") end)
-- values that can't be called, or can
test(function() bagged({}, { __gc = "text" }) bagged({}, { __gc = 1 }) bagged({}, { __gc = bagged({}, { __call = function(_, o) note("called", type(o)) end }) }) bagged({}, { __gc = false }) new("last") end)
-- the metamethod of the moment is called, if there was one at the time
test(function() local m = { __gc = true } bagged({}, m) m.__gc = function() note("later") end local m2 = {} bagged({}, m2) m2.__gc = function() note("never") end local m3 = { __gc = function() note("changed") end } local o = bagged({}, m3) setmetatable(o, { __gc = function() note("other") end }) local o2 = bagged({}, m3) setmetatable(o2, nil) local o3 = bagged({}, { __gc = true }) getmetatable(o3).__gc = nil end)
-- setting the metatable again does not change the order
test(function() local x, y = new("x"), new("y") setmetatable(x, getmetatable(x)) end)
-- resurrection
local saved
do local function make() setmetatable({ "phoenix" }, { __gc = function(o) saved = o note("gc") end }) end make() end collect() print(saved[1]) show() saved = nil collect() show()
local lives = 0
do local function make() local m = {} m.__gc = function(o) lives = lives + 1 if lives < 4 then setmetatable(o, m) end end setmetatable({}, m) end make() end for _ = 1, 8 do collect() end print(lives)
-- everything an object refers to is whole when its finalizer runs
test(function() local inner = new("inner") local outer = new("outer", { inner = inner }) getmetatable(outer).__gc = function(o) note(o.name, o.inner.name, #o.list) end outer.list = { 1, 2, 3 } end)
test(function() local p, q = new("p"), new("q") p.other, q.other = q, p getmetatable(p).__gc = function(s) note("p sees", s.other.name) end end)
-- finalizers that create, collect, and use coroutines
test(function() bagged({}, { __gc = function() local t = {} for i = 1, 500 do t[i] = { i } end note(#t) collectgarbage() note("done") end }) end)
test(function() bagged({}, { __gc = function() note(type(collectgarbage("count")), tostring(collectgarbage()), tostring(collectgarbage("step"))) end }) end)
test(function() bagged({}, { __gc = function() local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) note(co(), co(), co()) end }) end)
test(function() bagged({}, { __gc = function() note("yields") coroutine.yield(1) note("never") end }) new("next") end)
test(function() bagged({}, { __gc = function() setmetatable({}, { __gc = function() note("born") end }) end }) end) collect() show()
test(function() bagged({}, { __gc = function() local ok, e = pcall(error, "caught") note(ok, e) end }) end)
-- weak tables and finalizers
local values, keys = setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" })
test(function() local o = bagged({}, { __gc = function(o) note(values[1] == nil, keys[o], values.x == nil) end }) values[1] = o values.x = { o } keys[o] = "key" end) collect() print(next(values), next(keys))
test(function() local o = {} o.inner = {} values.inner = o.inner keys[o.inner] = "inner" setmetatable(o, { __gc = function(s) note(values.inner == nil, keys[s.inner]) end }) end) collect() print(next(keys))
-- inside coroutines, pcall, metamethods
local co = coroutine.wrap(function() drop("in coroutine") collect() coroutine.yield(1) drop("again") collect() return 2 end) print(co()) show() print(co()) show()
print(pcall(function() drop("in pcall") collect() return "fine" end)) show()
print(#setmetatable({}, { __len = function() drop("in len") collect() return 7 end })) show()
local t = { 3, 1, 2 } table.sort(t, function(a, b) drop("s") collect() return a < b end) print(t[1], t[2], t[3], #out > 0) out = {}
print(("abc"):gsub("%w", function(c) drop(c) collect() return c:upper() end)) show()
do local x <close> = setmetatable({}, { __close = function() drop("in close") collect() end }) end show()
-- protected metatables do not matter
test(function() bagged({}, { __gc = function() note("protected") end, __metatable = "no" }) end)
-- the result of a full collection with finalizers
drop("full") print(collectgarbage("collect")) show()
-- at the end: all that is left, the last one first
end1 = setmetatable({}, { __gc = function() print("end 1") end })
end2 = setmetatable({}, { __gc = function(o) print("end 2", end1 ~= nil) setmetatable({}, { __gc = function() print("not called") end }) setmetatable(o, getmetatable(o)) end })
end3 = setmetatable({}, { __gc = function() print("end 3") error("ignored") end })
end4 = setmetatable({}, { __gc = function() print("end 4", collectgarbage("count")) end })
print("the end")
