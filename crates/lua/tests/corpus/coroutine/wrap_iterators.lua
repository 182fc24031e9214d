-- Iterators written as coroutines: trees, ranges, lines, windows, merging.
local function iter(f) return function(...) local args = table.pack(...) return coroutine.wrap(function() f(table.unpack(args, 1, args.n)) end) end end
local yield = coroutine.yield
local range = iter(function(a, b, s) for i = a, b, s or 1 do yield(i) end end)
local function list(it) local t = {} for v in it do t[#t + 1] = tostring(v) end return table.concat(t, " ") end
print(list(range(1, 5))) print(list(range(5, 1, -2))) print(list(range(1, 0))) print(list(range(0, 1, 0.25)))
local map = iter(function(f, it) for v in it do yield(f(v)) end end)
local filter = iter(function(p, it) for v in it do if p(v) then yield(v) end end end)
local take = iter(function(n, it) for i = 1, n do local v = it() if v == nil then return end yield(v) end end)
local chain = iter(function(...) for i = 1, select("#", ...) do for v in (select(i, ...)) do yield(v) end end end)
local zip = iter(function(a, b) for x in a do local y = b() if y == nil then return end yield(x, y) end end)
local window = iter(function(n, it) local w = {} for v in it do w[#w + 1] = v if #w > n then table.remove(w, 1) end if #w == n then yield(table.concat(w, "-")) end end end)
local merge = iter(function(a, b) local x, y = a(), b() while x or y do if not y or x and x <= y then yield(x) x = a() else yield(y) y = b() end end end)
local cycle = iter(function(t) while true do for _, v in ipairs(t) do yield(v) end end end)
print(list(map(function(x) return x * x end, range(1, 6)))) print(list(filter(function(x) return x % 3 == 0 end, range(1, 20)))) print(list(take(3, range(1, 100)))) print(list(take(10, range(1, 2)))) print(list(chain(range(1, 3), range(7, 9), range(1, 0)))) print(list(window(3, range(1, 6)))) print(list(merge(range(1, 10, 3), range(2, 12, 2)))) print(list(take(7, cycle { "a", "b", "c" })))
for a, b in zip(range(1, 3), map(function(x) return ("x"):rep(x) end, range(1, 10))) do print(a, b) end
local lines = iter(function(s) for l in (s .. "\n"):gmatch "(.-)\n" do yield(l) end end) for l in lines "one\n\nthree" do print("[" .. l .. "]") end
local tree = iter(function(t, d) local function go(t, d) if not t then return end go(t.l, d + 1) yield(t.v, d) go(t.r, d + 1) end go(t, d or 0) end) local function insert(t, v) if not t then return { v = v } end if v < t.v then t.l = insert(t.l, v) else t.r = insert(t.r, v) end return t end local root for _, v in ipairs { 50, 30, 70, 20, 40, 60, 80, 35 } do root = insert(root, v) end for v, d in tree(root) do print(("  "):rep(d) .. v) end
local walk = iter(function(t) local function go(t, path) local ks = {} for k in pairs(t) do ks[#ks + 1] = k end table.sort(ks) for _, k in ipairs(ks) do local p = path .. "/" .. k if type(t[k]) == "table" then go(t[k], p) else yield(p, t[k]) end end end go(t, "") end) for p, v in walk { a = 1, b = { c = 2, d = { e = 3 } }, f = {} } do print(p, v) end
local primes = iter(function() local found = {} local n = 2 while true do local prime = true for _, p in ipairs(found) do if p * p > n then break end if n % p == 0 then prime = false break end end if prime then found[#found + 1] = n yield(n) end n = n + 1 end end) print(list(take(15, primes()))) local subsets = iter(function(t) for mask = 0, (1 << #t) - 1 do local s = {} for i = 1, #t do if mask >> (i - 1) & 1 == 1 then s[#s + 1] = t[i] end end yield("{" .. table.concat(s, ",") .. "}") end end) print(list(subsets { "x", "y", "z" })) local partitions = iter(function(n) local function go(n, max, acc) if n == 0 then yield(table.concat(acc, "+")) return end for i = math.min(n, max), 1, -1 do acc[#acc + 1] = i go(n - i, i, acc) acc[#acc] = nil end end go(n, n, {}) end) print(list(partitions(5)))
-- abandoned in the middle, restarted, shared by two consumers
local shared = range(1, 6) print(shared(), shared()) print(list(shared)) print(pcall(shared)) local g1, g2 = range(1, 3), range(1, 3) print(g1(), g2(), g1(), g2(), g1(), g2()) for v in range(1, 100) do if v > 3 then break end print(v) end print(pcall(function() for v in range("a", 2) do end end)) print(pcall(function() for v in map(function(x) return x.y.z end, range(1, 2)) do end end)) print(pcall(function() for v in filter(nil, range(1, 2)) do end end))
