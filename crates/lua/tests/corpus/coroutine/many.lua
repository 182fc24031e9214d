-- Many coroutines, deep nesting, collection of abandoned ones.
local cos = {} for i = 1, 1000 do cos[i] = coroutine.create(function(x) local s = i while true do s = s + x x = coroutine.yield(s) end end) end local total = 0 for round = 1, 3 do for i = 1, 1000 do local ok, v = coroutine.resume(cos[i], round) if ok then total = total + v end end end print(total) for i = 1, 1000 do coroutine.close(cos[i]) end print(coroutine.status(cos[500]))
for i = 1, 10000 do local c = coroutine.wrap(function(a) local b = coroutine.yield(a) return b end) c(i) end collectgarbage() print("abandoned ok") local n = 0 for i = 1, 10000 do n = n + coroutine.wrap(function() return 1 end)() end print(n)
-- nesting: each resumes the next
local function nest(d) if d == 0 then return "core" end local co = coroutine.create(nest) local ok, v = coroutine.resume(co, d - 1) return v .. "." end print(#nest(100)) local function nestyield(d) if d == 0 then coroutine.yield "y0" return "r0" end local co = coroutine.wrap(nestyield) local y = co(d - 1) coroutine.yield(y .. d) local r = co() return r .. d end local co = coroutine.wrap(nestyield) print(co(5)) print(co())
-- switching a million times is fine
local c = coroutine.wrap(function() local i = 0 while true do i = i + 1 coroutine.yield(i) end end) local last for i = 1, 100000 do last = c() end print(last)
-- passing many values
local function pack2(...) return { n = select("#", ...), ... } end co = coroutine.wrap(function(...) local a = pack2(...) while true do a = pack2(coroutine.yield(table.unpack(a, 1, a.n))) end end) local args = {} for i = 1, 200 do args[i] = i end print(select("#", co(table.unpack(args)))) print(select("#", co())) print(select("#", co(nil, nil))) print((select(200, co(table.unpack(args)))))
-- coroutines in tables, as values of closures, sharing upvalues
local shared = {} local function logger(name) return coroutine.create(function() for i = 1, 2 do shared[#shared + 1] = name .. i coroutine.yield() end end) end local set = { logger "x", logger "y", logger "z" } while #set > 0 do for i = #set, 1, -1 do coroutine.resume(set[i]) if coroutine.status(set[i]) == "dead" then table.remove(set, i) end end end print(table.concat(shared, " "))
-- a coroutine that resumes another while both hold open upvalues
local x = 0 local a, b a = coroutine.wrap(function() local y = 10 local inc = function() y = y + 1 x = x + y return y end b = coroutine.wrap(function() while true do coroutine.yield(inc()) end end) while true do coroutine.yield(b()) end end) print(a(), a(), b(), x)
-- wrap inside wrap as iterators of a tree of depth
local function count(d) return coroutine.wrap(function() if d == 0 then coroutine.yield(1) else for v in count(d - 1) do coroutine.yield(v) end for v in count(d - 1) do coroutine.yield(v) end end end) end n = 0 for v in count(8) do n = n + v end print(n)
-- deep recursion inside a coroutine, then yield, collect and continue
co = coroutine.wrap(function() local function r(n) if n == 0 then coroutine.yield("deep") return 0 end local v = { n } local s = r(n - 1) return s + v[1] end return r(2000) end) print(co()) collectgarbage() collectgarbage() print(co())
-- memory held by suspended coroutines is alive
local keep = {} for i = 1, 100 do keep[i] = coroutine.wrap(function() local data = {} for j = 1, 10 do data[j] = i * j end coroutine.yield() local s = 0 for _, v in ipairs(data) do s = s + v end return s end) keep[i]() end collectgarbage() local sum = 0 for i = 1, 100 do sum = sum + keep[i]() end print(sum)
