-- Local attributes <const> and <close>.
local c <const> = 5
local a <const>, b, d <const> = 1, 2, 3
b = b + c
print(a, b, c, d)
local s <const> = "str" local f <const> = 1.5 local n <const> = nil local bo <const> = true local t <const> = { x = 1 }
t.x = t.x + c print(s, f, n, bo, t.x, -c, c .. s, #s, c << 1, c + f)
local function up() return c, s, function() return c + a end end
print(up(), (select(3, up()))())
for i = 1, c do if i == c then print("const limit", i) end end
local neg <const> = -3 print(2 ^ neg, neg // 2, neg % 2, ({ 10, 20, 30, 40, 50 })[c])
local function mk(name) return setmetatable({ name = name }, { __close = function(o, e) print("close " .. o.name, e) end }) end
do
  local x <close> = mk "x"
  local y <close> = mk "y"
  local z <close> = nil
  local w <close> = false
  print("body", x.name, y.name, z, w)
end
-- all ways to leave
local function ret() local r <close> = mk "ret" return "value", r.name end
print(ret())
for i = 1, 3 do local l <close> = mk("loop" .. i) if i == 2 then break end end
do local g <close> = mk "goto" goto out end ::out::
print(pcall(function() local e <close> = mk "err" error("failure", 0) end))
print(pcall(function() local e <close> = mk "e1" local e2 <close> = mk "e2" error("E", 0) end) == false)
while true do local q <close> = mk "while" break end
local i = 0
repeat local r <close> = mk "repeat" i = i + 1 until i == 2
-- return values are computed before closing
local function order() local v = 1 local cl <close> = setmetatable({}, { __close = function() v = 2 end }) return v end
print(order())
-- no tail call in a function with a to-be-closed variable
local function g() print "in g" return "g" end
local function nt() local cl <close> = mk "nt" return g() end
print(nt())
-- error in __close replaces the error
local function bad(name, msg) return setmetatable({}, { __close = function(_, e) print("bad " .. name, e) error(msg, 0) end }) end
print(pcall(function() local x <close> = bad("1", "first") end))
print(pcall(function() local x <close> = bad("1", "last") local y <close> = mk "mid" local z <close> = bad("2", "second") error("orig", 0) end))
print(pcall(function() local x <close> = mk "ok" local z <close> = bad("2", "second") return 1 end))
-- a value without __close
print(pcall(function() local x <close> = {} end))
print(pcall(function() local nm <close> = 42 end))
print(pcall(function() local fn <close> = print end))
print(pcall(function() local str <close> = "s" end))
-- metamethod removed meanwhile
print(pcall(function() local x <close> = mk "gone" getmetatable(x).__close = nil end))
-- nested functions and closers that use pcall
local function inner() local x <close> = setmetatable({}, { __close = function() print(pcall(error, "inside", 0)) end }) return "inner" end
print(inner())
-- a captured variable is closed with its last value
do local cap local y <close> = setmetatable({}, { __close = function() print("cap", cap()) end }) local v = 1 cap = function() return v end v = 7 end
local function try(src) local fn, e = load(src, "=a") print(fn and "ok" or e) end
try "local x <const> = 1; x = 2"
try "local x <const> = 1; function f() x = 2 end"
try "local x <const> = 1; function x() end"
try "local x <const> = {}; x.y = 1"
try "local x <close> = nil; x = 2"
try "local x <close>, y <close> = 1, 2"
try "local x <foo> = 1"
try "local x <const = 1"
try "local x < const > = 1"
try "local x <const>; x = 1"
try "local function f() end; local g <const> = f; g = 1"
try "for i <const> = 1, 2 do end"
try "local x <const> = 1; local x = 2; x = 3"
try "local a <const>, b = 1; b, a = 1, 2"
try "local x <const> = 1; for x = 1, 2 do x = 5 end"
try "local x <const> = 1; return function() return function() x = 1 end end"
