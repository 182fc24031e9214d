-- __eq, __lt, __le.
local calls = {}
local mt = { __eq = function(a, b) calls[#calls + 1] = "eq" return a.v == b.v end, __lt = function(a, b) calls[#calls + 1] = "lt" return (type(a) == "table" and a.v or a) < (type(b) == "table" and b.v or b) end, __le = function(a, b) calls[#calls + 1] = "le" return (type(a) == "table" and a.v or a) <= (type(b) == "table" and b.v or b) end }
local function new(v) return setmetatable({ v = v }, mt) end
local function flush() local s = table.concat(calls, " ") calls = {} return s end
local a, b, c = new(1), new(2), new(1)
print(a == b, a == c, a ~= b, a ~= c, a == a, flush())
print(a < b, a > b, a <= b, a >= b, b < a, a <= c, a >= c, flush())
print(a == 1, 1 == a, a == nil, a == "x", a ~= 1, flush())
print(a < 2, 2 > a, a <= 1, 1 >= a, 0 < a, 5 <= a, a > 0, a >= 1.5, flush())
print(rawequal(a, c), rawequal(a, a), flush())
-- no __eq for different types, or identical ones
local e = setmetatable({}, { __eq = function() calls[#calls + 1] = "called" return true end }) print(e == {}, {} == e, e == 1, e == e, e == print, e ~= {}, flush())
local e2 = setmetatable({}, { __eq = function() calls[#calls + 1] = "second" return false end }) print(e == e2, e2 == e, flush()) print({} == {}, setmetatable({}, mt) == nil)
-- results become booleans
local tr = setmetatable({}, { __eq = function() return 1 end, __lt = function() return nil end, __le = function() return "yes", 2 end }) local tr2 = setmetatable({}, getmetatable(tr)) print(tr == tr2, tr ~= tr2, tr < tr2, tr > tr2, tr <= tr2, tr >= tr2, tr < 1, 1 <= tr) print((tr < tr2) == false, (function() return tr == tr2 end)())
-- in conditions
if a == c then print "if eq" else print "if ne" end if a ~= c then print "ne" else print "eq" end if a < b then print "if lt" end if not (a < b) then print "not lt" else print "lt" end if a >= b then print "ge" else print "not ge" end if a == b or a < b then print "or" end while a < b do print "while" break end repeat until a <= b local r = a < b and "and" or "or" print(r, a == c and 1 or 2, not (a == c), flush())
-- __lt is not made from __le
local leonly = setmetatable({}, { __le = function() return true end }) print(leonly <= 1, 1 >= leonly, pcall(function() return leonly < 1 end))
-- the left operand's metamethod first
local l, r2 = setmetatable({}, { __lt = function() return "left" and true end }), setmetatable({}, { __lt = function() return false end }) print(l < r2, r2 < l, l > r2, r2 > l)
-- strings and numbers ignore metamethods, mixed operands use them
local s = setmetatable({}, { __lt = function(x, y) calls[#calls + 1] = type(x) .. "<" .. type(y) return true end, __le = function(x, y) calls[#calls + 1] = type(x) .. "<=" .. type(y) return true end }) print(s < "a", "a" < s, s > "a", s <= nil, nil <= s, true >= s, s < print, s < 5, 5 < s, s <= 5.5, 5.5 >= s, flush()) print(s < 100, s <= 100, s > 100, s >= 100, 100 > s, s < -5, s > 1000000, s < "k", flush())
-- sort with __lt, and math.max, min
local list = {} for i, v in ipairs { 5, 3, 9, 1, 7 } do list[i] = new(v) end table.sort(list) for i, v in ipairs(list) do list[i] = v.v end print(table.concat(list, " ")) calls = {} local mx = pcall(math.max, new(1), new(2)) print(mx)
table.sort(list, function(x, y) return x > y end) print(table.concat(list, " "))
-- sets with <= as inclusion
local Set = {} Set.__index = Set local function set(t) local s = setmetatable({}, Set) for _, v in ipairs(t) do s[v] = true end return s end Set.__le = function(p, q) for k in pairs(p) do if not q[k] then return false end end return true end Set.__lt = function(p, q) return p <= q and not (q <= p) end Set.__eq = function(p, q) return p <= q and q <= p end Set.__add = function(p, q) local s = set {} for k in pairs(p) do s[k] = true end for k in pairs(q) do s[k] = true end return s end Set.__mul = function(p, q) local s = set {} for k in pairs(p) do s[k] = q[k] end return s end Set.__len = function(p) local n = 0 for _ in pairs(p) do n = n + 1 end return n end
local s1, s2 = set { 10, 20, 30 }, set { 30, 10, 20, 40 } print(s1 <= s2, s1 < s2, s1 >= s2, s1 == s2, s1 ~= s2, s1 * s2 == s1, s1 + s2 == s2, #(s1 + s2), #(s1 * s2), s1 <= s1, s1 < s1, s1 == set { 20, 10, 30 })
-- yields and errors are in other files; nested comparisons inside a metamethod
local deep = setmetatable({}, { __lt = function(x, y) return s1 < s2 end, __eq = function(x, y) return s1 == s1 end }) print(deep < 1, deep == setmetatable({}, {}), deep > 1)
-- keys use raw equality
local tk = {} tk[a] = "a" print(tk[a], tk[c], tk[b]) print(flush())
