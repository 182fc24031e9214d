-- error, levels, values, assert, nested pcall.
print(pcall(error)) print(pcall(error, nil)) print(pcall(error, "msg")) print(pcall(error, "msg", 0)) print(pcall(error, "msg", 1)) print(pcall(error, "msg", 2))
print(pcall(error, 42)) print(pcall(error, 4.5)) print(pcall(error, true)) print(pcall(error, false))
local function l0() error("level 0", 0) end
local function l1() error("level 1", 1) end
local function l2() error("level 2", 2) end
local function l3() error("level 3", 3) end
local function ldef() error("default") end
local function call(f) f() return "x" end
local function callcall(f) call(f) return "y" end
print(pcall(l0)) print(pcall(l1)) print(pcall(l2)) print(pcall(ldef))
print(pcall(call, l0)) print(pcall(call, l1)) print(pcall(call, l2)) print(pcall(call, l3))
print(pcall(callcall, l2)) print(pcall(callcall, l3))
print(pcall(error, "m", 50)) print(pcall(error, "m", -1)) print(pcall(error, "m", "x")) print(pcall(error, "m", nil)) print(pcall(error, "m", "0"))
print(pcall(function() error("with number " .. 5) end)) print(pcall(function() error(12) end)) print(pcall(function() error("12" + 0, 1) end))
-- error values of other types
local e = { code = 7 }
local ok, err = pcall(error, e) print(ok, err == e, err.code)
ok, err = pcall(function() error(e, 2) end) print(ok, err == e)
ok, err = pcall(error, print) print(ok, err == print)
ok, err = pcall(error, setmetatable({}, { __tostring = function() return "custom" end })) print(ok, tostring(err))
print(select("#", pcall(error)), select("#", pcall(error, nil)), select("#", pcall(function() error() end)))
-- rethrow keeps the value
ok, err = pcall(function() local ok, err = pcall(error, e) error(err, 0) end) print(ok, err == e)
print(pcall(function() local ok, m = pcall(error, "inner") error(m, 0) end))
print(pcall(function() local ok, m = pcall(function() error("inner") end) error(m) end))
print(pcall(function() local ok, m = pcall(function() error("inner") end) error("outer: " .. m) end))
-- nested pcall
print(pcall(pcall)) print(pcall(pcall, error)) print(pcall(pcall, error, "x")) print(pcall(pcall, pcall, error, "y"))
print(pcall(function() return pcall(function() return pcall(error, "deep") end) end))
print(pcall(function(...) return ... end, 1, nil, 3)) print(pcall(function() end)) print(pcall(select, "#", nil, nil))
-- assert
print(pcall(assert)) print(pcall(assert, false)) print(pcall(assert, nil)) print(pcall(assert, false, "message")) print(pcall(assert, nil, nil)) print(pcall(assert, false, 5)) print(pcall(assert, 1 == 2, "no position added"))
print(assert(1)) print(assert(1, 2, 3)) print(assert("v", nil)) print(select("#", assert(true, nil, nil)))
ok, err = pcall(assert, false, e) print(err == e)
print(pcall(function() assert(load("x =")) end)) print(pcall(function() return assert(load("return 5"))() end))
-- errors inside called functions of several depths
local function a() local x = nil; x.field = 1 end
local function b() a() end
local function c() b() end
print(pcall(c))
-- errors with multi-line expressions give the right line
print(pcall(function()
  local x = 1
  local y = x +
    undefinedthing
  return y
end))
print(pcall(function()
  local t = {}
  return t.a
    .b
end))
print(pcall(function()
  undefinedfunction(
    1,
    2
  )
end))
print(pcall(function() return
  "a" ..
  "b" ..
  nil end))
print(pcall(function()

  error(
    "multi"
  )
end))
-- error in the middle leaves earlier effects
local n = 0
print(pcall(function() n = 1 n = n + nil n = 2 end), n)
-- pcall in loops and from iterators, tail call of error
for i = 1, 3 do print(pcall(function() if i == 2 then error("i=" .. i) end return i end)) end
print(pcall(function() return error("tail") end)) print(pcall(function() return error("tail2", 2) end)) print(pcall(string.gsub, "abc", "%w", function(c) if c == "b" then error("cb " .. c) end end)) print(pcall(table.sort, { 3, 2, 1 }, function(a, b) error("cmp") end))
ok, err = pcall(function() local function f() f() end f() end) print(ok, (tostring(err):find("stack overflow", 1, true)) ~= nil)
print(pcall(string.rep, "x", -1)) print((pcall(string.rep, "x", 1 << 62)))
