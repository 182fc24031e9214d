-- Arithmetic, bitwise, concatenation, length and unary metamethods.
local log
local function name(v) if type(v) == "table" then return v.n end return tostring(v) end
local mt = {}
for _, op in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat" } do
  mt["__" .. op] = function(a, b, ...) return op .. "(" .. name(a) .. "," .. name(b) .. ")", select("#", ...) end
end
mt.__len = function(a, ...) return "len(" .. name(a) .. ")", ... end
local a, b = setmetatable({ n = "A" }, mt), setmetatable({ n = "B" }, mt)
print(a + b, a + 1, 1 + a, a + "s", "s" + a, a + 1.5, nil == a) print(a - b, a - 1, 1 - a) print(a * b, a * 2, 2 * a) print(a / b, a / 2, 2 / a) print(a % b, a % 2, 2 % a) print(a ^ b, a ^ 2, 2 ^ a) print(a // b, a // 2, 2 // a)
print(a & b, a & 1, 1 & a, a & "x", 1.5 & a) print(a | b, a | 1, 1 | a) print(a ~ b, a ~ 1, 1 ~ a) print(a << b, a << 1, 1 << a) print(a >> b, a >> 1, 1 >> a)
print(-a, ~a, #a) print(- -3, #a .. "", -a .. "")
print(a .. b, a .. "x", "x" .. a, 1 .. a, a .. 1, "p" .. "q" .. a, a .. "p" .. "q", "p" .. a .. "q") print(a .. nil == "concat(A,nil)", pcall(function() return nil .. a end)) print(a .. true, a .. print == nil and 0 or "f")
-- with constants of all kinds, and locals, upvalues, fields
local k, t = 300, { v = 2 } print(a + k, k + a, a + 300, 300 + a, a + 1e10, a * t.v, t.v * a, a + -1, a - -1, a + 128, a - 128, a % 0, a // 0, a << 100, 100 >> a)
-- one result only
local x, y = a + b print(x, y) x, y = #a print(x, y) x, y = -a print(x, y)
-- left operand's metamethod has priority
local m1, m2 = setmetatable({ n = "m1" }, { __add = function() return "left" end, __concat = function() return "lc" end }), setmetatable({ n = "m2" }, { __add = function() return "right" end, __concat = function() return "rc" end, __sub = function() return "only right" end }) print(m1 + m2, m2 + m1, m1 - m2, m2 - m1, 1 + m2, m1 .. m2, m2 .. m1, "s" .. m2, m1 .. 5)
-- nil, false, tables as results
local r = setmetatable({}, { __add = function() return nil end, __sub = function() return false end, __mul = function(a) return a end, __unm = function() end, __len = function() end }) print(r + 1, r - 1, (r * 2) == r, -r, #r, (r * 2 * 3) == r)
-- a small vector class
local V = {} V.__index = V
local function vec(x, y) return setmetatable({ x = x, y = y }, V) end
V.__add = function(p, q) return vec(p.x + q.x, p.y + q.y) end V.__sub = function(p, q) return vec(p.x - q.x, p.y - q.y) end V.__unm = function(p) return vec(-p.x, -p.y) end V.__mul = function(p, q) if type(p) == "number" then return vec(p * q.x, p * q.y) elseif type(q) == "number" then return vec(p.x * q, p.y * q) else return p.x * q.x + p.y * q.y end end V.__eq = function(p, q) return p.x == q.x and p.y == q.y end V.__tostring = function(p) return "(" .. p.x .. "," .. p.y .. ")" end V.__len = function(p) return 2 end V.__concat = function(p, q) return tostring(p) .. tostring(q) end V.__idiv = function(p, d) return vec(p.x // d, p.y // d) end
local p, q = vec(1, 2), vec(3.5, 4) print(tostring(p + q), tostring(p - q), tostring(-p), tostring(2 * p), tostring(p * 2), p * q, p == vec(1, 2), p ~= q, #p, p .. q, p .. "!", "!" .. p, tostring(q // 1)) print(p + q * 2 - -p == vec(9, 12), tostring(p + q * 2 - -p))
-- string metatable arithmetic
print(pcall(function() return "a" + 1 end)) getmetatable("").__add = function(x, y) return "str add " .. x .. y end print("a" + 1, 1 + "a", "2" + 3, pcall(function() return "a" - 1 end)) getmetatable("").__add = nil print(pcall(function() return "2" + 3 end)) getmetatable("").__band = function(x, y) return "band" end print("a" & 1, 1 & "a", "3" & "4") getmetatable("").__band = nil getmetatable("").__bnot = function() return "bnot" end print(~"x") getmetatable("").__bnot = nil getmetatable("").__unm = function(s) return s:reverse() end print(-"abc", -"12")
-- concat in chains is right associative with metamethods in between
local c = setmetatable({}, { __concat = function(l, r) return (type(l) == "table" and "C" or l) .. "+" .. (type(r) == "table" and "C" or r) end }) print("a" .. "b" .. c .. "d" .. "e", c .. c, c .. "x" .. c, 1 .. 2 .. c, c .. 1 .. 2)
local cc = setmetatable({}, { __concat = function(l, r) return setmetatable({ (type(l) == "table" and #l or 0) + (type(r) == "table" and #r or 0) + 1, #tostring(l) > 0 and 1 }, getmetatable(type(l) == "table" and l or r)) end }) print(type("a" .. cc .. "b"), ("a" .. cc .. "b")[1], ("a" .. "b" .. cc)[1])
-- metamethods found by raw access in the metatable
local lazy = setmetatable({}, { __index = function(_, key) if key == "__add" then return function() return "never" end end end }) print(pcall(function() return setmetatable({}, lazy) + 1 end))
-- changed at run time
local mt2 = {} local z = setmetatable({}, mt2) print(pcall(function() return z + 1 end)) mt2.__add = function() return "now" end print(z + 1) mt2.__add = nil print((pcall(function() return z + 1 end)))
-- callable table as metamethod
local ct = setmetatable({}, { __add = setmetatable({}, { __call = function(self, l, r) return "called", r end }) }) print(ct + 7)
-- number, nil, boolean and function operands find the other side's metamethod
local any = setmetatable({}, { __add = function(l, r) return type(l) .. "+" .. type(r) end, __band = function(l, r) return type(l) .. "&" .. type(r) end }) print(any + nil, nil + any, any + true, print + any, any + any, any & nil, true & any, {} + any, any + {}, "x" & any)
