-- next, pairs, ipairs.
local function keys(t) local ks = {} for k in pairs(t) do ks[#ks + 1] = k end table.sort(ks, function(a, b) if type(a) ~= type(b) then return type(a) < type(b) end if type(a) == "boolean" then return not a and b end return a < b end) for i, k in ipairs(ks) do ks[i] = tostring(k) end return table.concat(ks, " ") end
print(next({})) print(next({ 10 })) print(next({ 10 }, 1)) print(next({ a = 1 })) print(next({ a = 1 }, "a")) print(select("#", next({}))) print(next({ false })) print(next({ [1.0] = "x" })) print(next({}, nil))
print(keys { 1, 2, 3, a = 1, b = 2, [1.5] = 3, [true] = 4, [false] = 5 }) print(keys {}) print(keys { nil, 2, nil, 4 }) print(keys { [10] = 1, [20] = 2, [-5] = 3, [0] = 4, [2^53] = 5 })
-- the array part comes in order, in a sequence
local seq = {} for i = 1, 20 do seq[i] = i * i end local out = {} for k, v in pairs(seq) do out[#out + 1] = k end print(#out, keys(seq))
-- every key exactly once
local t = {} for i = 1, 100 do t[i] = true t["k" .. i] = true t[i + 0.5] = true t[-i] = true end local n, seen, dup = 0, {}, 0 for k in pairs(t) do n = n + 1 if seen[k] then dup = dup + 1 end seen[k] = true end print(n, dup)
-- clearing fields during traversal is allowed
for k in pairs(t) do t[k] = nil end print(next(t)) for i = 1, 50 do t["x" .. i] = i end local removed = 0 for k, v in pairs(t) do if v % 2 == 0 then t[k] = nil removed = removed + 1 end end local left = 0 for _ in pairs(t) do left = left + 1 end print(removed, left)
-- assigning to existing fields during traversal
local u = { a = 1, b = 2, c = 3 } for k, v in pairs(u) do u[k] = v * 10 end print(u.a, u.b, u.c) local k, v = next(u) while k do u[k] = v + 1 k, v = next(u, k) end print(u.a, u.b, u.c)
-- next of an emptied table; empty test
local e = { 1, 2, x = 3 } e[1] = nil e[2] = nil e.x = nil print(next(e), next(e) == nil) local c = 0 for _ in pairs(e) do c = c + 1 end print(c)
-- pairs returns three values
local a, b, d = pairs({}) print(a == next, type(b), d) print(select("#", pairs({}))) for k, v in pairs({ only = "one" }) do print(k, v) end for k in pairs { nil } do print("never") end
print(pcall(next, {}, "x")) print(pcall(next, { 1 }, 2)) print(pcall(next)) print(pcall(next, nil)) print(pcall(next, 5)) print(pcall(pairs)) print(pcall(function() for k in pairs(5) do end end)) print(pcall(function() for k in pairs("x") do end end)) print(pcall(next, { 1, 2, 3 }, 1.5)) print(next({ 1, 2, 3 }, 3)) print(pcall(next, { 1, 2, 3 }, 4)) print(pcall(next, { 1, 2, 3 }, 0))
-- ipairs
for i, v in ipairs { "a", "b", nil, "d" } do print(i, v) end for i, v in ipairs {} do print "never" end for i, v in ipairs { [0] = "zero", "one" } do print(i, v) end for i, v in ipairs { false, 0, "" } do print(i, v) end local f, s, i0 = ipairs { "x" } print(type(f), type(s), i0, f(s, 0)) print(f(s, 1)) print(select("#", f(s, 1)), select("#", ipairs {})) print(f({ 5, 6 }, 1)) print(pcall(f)) print(pcall(f, {}, "x")) print(f({ [4] = "four" }, 3))
for i, v in ipairs(setmetatable({}, { __index = function(_, i) if i < 4 then return i * 2 end end })) do print(i, v) end for i, v in ipairs(setmetatable({ "own" }, { __index = { "no", "from index", "third" } })) do print(i, v) end print(pcall(function() for i, c in ipairs("abc") do print(i, c) end end)) print(pcall(function() for i in ipairs(nil) do end end)) print(pcall(function() for i in ipairs(5) do end end)) print(pcall(function() for i in ipairs(setmetatable({}, { __index = function() error("idx", 0) end })) do end end))
-- growth and shrinking during ipairs
local g = { 1, 2, 3 } for i, v in ipairs(g) do if i < 6 then g[#g + 1] = v * 10 end end print(table.concat(g, " ")) local h = { 1, 2, 3, 4 } for i, v in ipairs(h) do if i == 2 then h[3] = nil end end print(h[1], h[2], h[3], h[4])
-- nested traversals of the same table
local w = { 1, 2, 3 } c = 0 for _, x in pairs(w) do for _, y in pairs(w) do c = c + x * y end end print(c)
-- deterministic sum over everything
local big = {} for i = 1, 1000 do big[i % 2 == 0 and i or "s" .. i] = i end local sum = 0 for _, v in pairs(big) do sum = sum + v end print(sum)
-- functions, tables, coroutines, booleans and floats as keys
local fk, tk, ck = function() end, {}, coroutine.create(print) local odd = { [fk] = "f", [tk] = "t", [ck] = "c", [true] = "b", [0.1] = "d", [-1] = "n", [math.huge] = "h", [math.mininteger] = "m" } print(odd[fk], odd[tk], odd[ck], odd[true], odd[0.1], odd[-1], odd[1 / 0], odd[-2^63]) c = 0 for k in pairs(odd) do c = c + 1 end print(c)
