-- Function definitions of all forms, calls, recursion, methods, tail calls.
function glob(a) return "glob", a end
local function loc(a) return "loc", a end
local anon = function(a) return "anon", a end
local t = { sub = { sub = {} } }
function t.f(a) return "t.f", a end
function t.sub.f(a) return "t.sub.f", a end
function t.sub.sub.f(a) return "deep", a end
function t:m(a) return self == t, a end
function t.sub:m(a) return self == t.sub, a end
print(glob(1)) print(loc(2)) print(anon(3)) print(t.f(4)) print(t.sub.f(5)) print(t.sub.sub.f(6))
print(t:m(7)) print(t.m(t, 8)) print(t.sub:m(9)) print(t["m"](t, 10)) print(t.m(nil, 11))
-- call forms
local function arg1(a) return type(a), a end
print((arg1 "str")) print(arg1 'str') print(arg1 [[long]]) print((arg1 {})) print((arg1 { 1 })) print(arg1(nil)) print((arg1()))
print(("x"):rep(3), ("%d"):format(5), ("abc"):upper():lower():len(), #("ab"):rep(2))
local o = { name = "o" }
function o:get() return self.name end
function o:chain(x) self.name = self.name .. x return self end
print(o:chain "a":chain "b":get())
print(o:chain("c")
  :chain("d")
  :get())
local calls = { function() return function() return function() return "triple" end end end }
print(calls[1]()()())
print((function(...) return select("#", ...) end)(1, 2, 3))
print((function() end)() == nil, select("#", (function() end)()), select("#", ((function() end)())))
-- recursion
local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
print(fact(5), fact(20), fact(21), fact(25.0))
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(20))
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(10), odd(10), even(10001))
-- local function sees itself, local f = function does not
local function selfref() return selfref ~= nil end
local nself = function() return nself end
print(selfref(), nself())
-- proper tail calls do not grow the stack
local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + 1) end
print(loop(200000, 0))
local ot = { n = 0 }
function ot:go(n) if n == 0 then return self.n end self.n = self.n + 1 return self:go(n - 1) end
print(ot:go(100000))
-- ackermann and hanoi
local function ack(m, n) if m == 0 then return n + 1 elseif n == 0 then return ack(m - 1, 1) else return ack(m - 1, ack(m, n - 1)) end end
print(ack(2, 3))
local moves = 0
local function hanoi(n, a, b, c) if n == 0 then return end hanoi(n - 1, a, c, b) moves = moves + 1 hanoi(n - 1, c, b, a) end
hanoi(8, "a", "b", "c") print(moves)
-- returns
local function r0() return end
local function r1() return 1 end
local function rm() return 1, nil, 3, nil end
local function rp() do return 1, 2 end end
local function rsemi() return 1; end
print(r0()) print(select("#", r0()), select("#", r1()), select("#", rm()), select("#", rp()), rsemi())
-- redefinition, functions as values and keys
function glob(a) return "new" end
print(glob())
local reg = { [print] = "print", [glob] = "glob" }
print(reg[print], reg[glob], reg[loc])
print(loc == loc, anon == loc, type(loc))
-- Y combinator and compose
local Y = function(f) return (function(x) return x(x) end)(function(x) return f(function(...) return x(x)(...) end) end) end
print(Y(function(self) return function(n) return n == 0 and 1 or n * self(n - 1) end end)(6))
local function compose(...) local fs = { ... } return function(x) for i = #fs, 1, -1 do x = fs[i](x) end return x end end
print(compose(function(x) return x + 1 end, function(x) return x * 2 end)(5))
-- argument evaluation order
local log = ""
local function e(x) log = log .. x return x end
local function sink() end
sink(e "a", e "b", e "c") ; ({ f = sink })[e "d" and "f"](e "e")
print(log)
-- reserved-like names and many parameters
local function many(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16) return a16, a1 end
print(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17))
