-- Closures and upvalues.
local function counter() local n = 0 return function() n = n + 1 return n end end
local c1, c2 = counter(), counter()
print(c1(), c1(), c2(), c1(), c2())
-- shared upvalue
local function pair() local v = 0 return function() return v end, function(x) v = x end end
local get, set = pair()
set(5) print(get()) set("s") print(get())
-- loop variables are fresh per iteration
local fs = {}
for i = 1, 3 do fs[#fs + 1] = function() return i end end
for _, v in ipairs { "a", "b" } do fs[#fs + 1] = function() return v end end
local w = 0
while w < 2 do w = w + 1 local x = w * 10 fs[#fs + 1] = function() x = x + 1 return x end end
repeat w = w + 1 local y = w fs[#fs + 1] = function() return y, w end until w == 4
for i, f in ipairs(fs) do print(i, f()) end
print(fs[6](), fs[7]())
-- until sees the locals of the block, also captured
local k = 0
repeat local last = k k = k + 1 local f = function() return last end until f() >= 2
print(k)
-- nested upvalues through several levels
local function l1(a)
  return function(b)
    return function(c)
      a = a + 1
      return a, b, c, function() a = a * 2 return a end
    end
  end
end
local f3 = l1(1)(2)
local _, _, _, dbl = f3(3)
print((select(1, f3(3)))) print(dbl(), (f3(4)), (select(2, f3(5))))
-- an upvalue that is also modified by the owner while open
do
  local x = 1
  local function inc() x = x + 1 end
  inc() x = x * 10 inc() print(x)
end
-- closed by break, goto, return
local saved
for i = 1, 5 do local z = i saved = function() z = z + 1 return z end if i == 3 then break end end
print(saved(), saved())
local function early(n) local q = n local g = function() return q end if n > 1 then return g end q = 0 return g end
print(early(1)(), early(2)())
-- parameters and varargs as upvalues
local function adder(a) return function(b) a = a + b return a end end
local add = adder(10) print(add(1), add(2), adder(0)(5))
local function keep(...) local args = { ... } return function() return table.unpack(args) end end
print(keep(1, 2, 3)())
-- recursive local function captured
local function mk() local function fact(n) return n == 0 and 1 or n * fact(n - 1) end return fact end
print(mk()(5))
-- many upvalues
local a1, a2, a3, a4, a5, a6, a7, a8, a9, a10 = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local function all() a1, a10 = a10, a1 return a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10, a1, a10 end
print(all()) print(all())
-- upvalues of functions in tables
local acc = {}
do
  local balance = 100
  function acc.deposit(v) balance = balance + v end
  function acc.balance() return balance end
  acc.withdraw = function(v) if v > balance then return nil, "insufficient" end balance = balance - v return balance end
end
acc.deposit(50) print(acc.balance(), acc.withdraw(30)) print(acc.withdraw(1000))
-- same closure twice is a different function when it has changing upvalues
local function mkf(x) return function() return x end end
print(mkf(1) == mkf(2), mkf(1)() == mkf(1)())
-- shadowing
local v = 1
local function showv() return v end
local v = 2
do local v = v + 10 print(v, showv()) v = 99 end
print(v, showv())
local function shadow(x) local x = x * 2 do local x = x + 1 return x, v end end
print(shadow(5))
local x = x print(x)
local x = (x or 0) + 1 local x = x + 1 print(x)
-- _ENV as upvalue
local function env() local _ENV = { y = 5 } return function() y = y + 1 return y end end
print(env()(), y)
local function sandbox(_ENV) z = 7 return z end
local sb = {} print(sandbox(sb), sb.z, z)
do local _ENV <const> = { print = print } print(tostring) end
-- upvalue kept alive after an error
local hold
pcall(function() local u = "kept" hold = function() return u end error "x" end)
print(hold())
