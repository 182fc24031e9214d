-- A tail call of an object is one.
local function object(call) return setmetatable({}, { __call = call }) end
local down = object(function(self, n, ...) if n == 0 then return "done", ... end return self(n - 1, ...) end)
print(down(300000)) print(down(1000, 1, nil, 3, nil)) print(select("#", down(10, nil, nil)))
local a, b
a = object(function(self, n, x) return b(n, x, self == a) end)
b = function(n, x, is_a) if n == 0 then return x, is_a end return a(n - 1, x) end
print(a(100000, "x"))
local twice = object(object(function(...) return select("#", ...), type((...)), type((select(2, ...))) end))
print((function(...) return twice(...) end)(1, 2, 3))
print(pcall(function() return object(rawequal)(1) end)) print(pcall(function() return object(type)(1) end))
print(pcall(function() local x = {} return x(1) end))
print(pcall(function() local x = object(5) return x(1) end))
print(pcall(function() local x = object(function() error("e") end) return x(1) end))
print(xpcall(function() local q = object(function() local t = {} t.x.y = 1 end) return q() end, debug.traceback))
local co = coroutine.wrap(function(...) local y = object(function(_, ...) coroutine.yield(...) return "end" end) return y(...) end)
print(co(1, 2)) print(co())
do
  local closed = object(function() return "called" end)
  local function f() local c <close> = setmetatable({}, { __close = function() print("closed") end }) return closed() end
  print(f())
end
for i, v in (function() return object(function(_, s, c) c = c + 1 if c <= s then return c, c * c end end), 3, 0 end)() do print(i, v) end
