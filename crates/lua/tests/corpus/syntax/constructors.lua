-- Table constructors.
local function show(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local out = {}
  for _, k in ipairs(keys) do out[#out + 1] = tostring(k) .. "=" .. tostring(t[k]) end
  return table.concat(out, " ")
end
print(show {}, #{})
print(show { 1, 2, 3 })
print(show { 1, 2, 3, })
print(show { 1; 2; 3; })
print(show { x = 1, y = 2; z = 3 })
print(show { ["a b"] = 1, [10] = 2, [1.5] = 3, [true] = 4, [2.0] = 5 })
print(show { 1, x = "a", 2, [3] = "c", 3 })
print(show { [1] = "explicit", "positional" })
print(show { nil, 2, nil, 4 })
print(show { x = nil, y = false })
local function f() return 1, 2, 3 end
print(show { f() }, show { f(), f() }, show { f(), nil }, show { (f()) }, show { x = f() }, show { f(), x = 1 })
local function va(...) return { ... }, { ..., "end" }, { n = select("#", ...), ... } end
local a, b, c = va(7, 8, 9)
print(show(a), show(b), show(c))
a, b, c = va()
print(show(a), show(b), show(c))
print(#{ n = 1 }, #{ 1, 2, nil }, #{ nil }, #{ f(), f(), f() })
local nested = { { 1, { 2 } }, k = { k = { k = "deep" } } }
print(nested[1][2][1], nested.k.k.k)
local big = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
  31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, f() }
print(#big, big[50], big[51], big[60], big[61], big[63])
-- many items through load
local parts = {}
for i = 1, 1000 do parts[i] = tostring(i) end
local t = load("return {" .. table.concat(parts, ",") .. "}")()
print(#t, t[1], t[500], t[1000])
for i = 1, 300 do parts[i] = "k" .. i .. "=" .. i end
t = load("return {" .. table.concat(parts, ",", 1, 300) .. "}")()
print(t.k1, t.k150, t.k300)
local fields = { f = function() return "called" end, ["end"] = "reserved word", and_ = 1, [f()] = "f1" }
print(fields.f(), fields["end"], fields[1])
print(({ 10, 20, 30 })[2], ({ a = 1 }).a, #{ 1, 2 }, ({ f = f }).f())
local str = { "a" .. "b", 1 + 2, not true, -3, #"xyz", function() return 4 end }
print(str[1], str[2], str[3], str[4], str[5], str[6]())
-- errors
print(pcall(function() return { [nil] = 1 } end))
print(pcall(function() return { [0 / 0] = 1 } end))
print(load("return {1, 2", "=t"))
print(load("return {x = }", "=t"))
print(load("return {[1] 2}", "=t"))
print(load("return {1 2}", "=t"))
print(load("return {,}", "=t"))
print(load("return {[1 = 2}", "=t"))
print(load("return {\n1,\n2\n", "=t"))
