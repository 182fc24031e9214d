-- Debian builds with LUA_COMPAT_LT_LE: without __le, `a <= b` is tried as `not (b < a)`.
-- The 5.4 manual has removed this; the file is apart so that it can be listed as a known difference.
local t = setmetatable({}, { __lt = function(a, b) return true end })
local f = setmetatable({}, { __lt = function(a, b) return false end })
print(t < t, pcall(function() return t <= t end))
print(f < f, pcall(function() return f <= f end))
print(pcall(function() return t >= 1 end))
print(pcall(function() return 1 >= f end))
