-- Recursion without end is an error that pcall catches. The limit itself is not tested:
-- PUC stops at 200 000 slots of stack (LUAI_MAXSTACK = 1 000 000) or 200 C levels.
local function report(ok, e) print(ok, tostring(e):match "stack overflow") end
report(pcall(function() local function f() return 1 + f() end return f() end))
report(pcall(function() local function f() f() end f() end))
report(pcall(function() local function f(n) return (f(n + 1)) end return f(1) end))
report(pcall(function() local a, b function a() return 1 + b() end function b() return 1 + a() end return a() end))
report(pcall(function() local t = setmetatable({}, {}) getmetatable(t).__index = function(s, k) return s[k] end return t.a end))
report(pcall(function() local t = setmetatable({}, {}) getmetatable(t).__add = function(a, b) return 1 + (a + b) end return t + 1 end))
report(pcall(function() local t = setmetatable({}, {}) getmetatable(t).__call = function(s) return 1 + s() end return t() end))
local co = coroutine.create(function() local function f() return 1 + f() end return f() end)
report(coroutine.resume(co))
print(coroutine.status(co))
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print(depth(1000), pcall(depth, 1000))
report(xpcall(function() local function f() return 1 + f() end return f() end, function(m) return m end))
print(select(2, pcall(function() local c <close> = setmetatable({}, { __close = function(_, e) print("closed after", tostring(e):match "stack overflow") end }) local function f() return 1 + f() end return f() end)) ~= nil)
