-- xpcall and message handlers.
local function h(m) return "handled: " .. tostring(m) end
print(xpcall(error, h, "e")) print(xpcall(error, h)) print(xpcall(error, h, nil)) print(xpcall(function() error("pos") end, h)) print(xpcall(function() local x = nil; return x.y end, h))
print(xpcall(function(...) return select("#", ...), ... end, h, 1, nil, 3)) print(xpcall(function() end, h)) print(xpcall(print, h, "a", "b"))
print(xpcall(error, function(e) return e.code, "extra" end, { code = 5 })) print(xpcall(error, function() end, "x")) print(xpcall(error, function() return nil end, "x"))
print(xpcall(error, print, "printed")) print(select("#", xpcall(error, print, "printed")))
print(xpcall(error, tostring, 12)) print(xpcall(error, type, {}))
-- the handler runs with the stack of the error
local seen
local function deep() local marker = "in deep" error("deep error") end
print(xpcall(deep, function(m) seen = true return m .. "!" end), seen)
-- not a function as a handler
print(pcall(xpcall)) print(pcall(xpcall, print)) print((pcall(xpcall, error, nil, "e")))
-- nested
print(xpcall(function() return xpcall(error, function(m) return "inner " .. m end, "x") end, function(m) return "outer " .. m end))
print(xpcall(function() local ok, m = xpcall(error, function(m) return "inner " .. m end, "x") error(m, 0) end, function(m) return "outer " .. m end))
print(xpcall(function() pcall(error, "caught") return "fine" end, function() return "not called" end))
print(pcall(function() return xpcall(error, function(m) return m end, "v") end))
-- handler called once per error
local count = 0
xpcall(function() error("a") end, function(m) count = count + 1 return m end) print(count)
-- xpcall over coroutines: resume catches, so the outer handler is not called
print(xpcall(function() local co = coroutine.create(function() error("in co", 0) end) return coroutine.resume(co) end, function() return "no" end))
print(xpcall(function() local w = coroutine.wrap(function() error("in wrap", 0) end) return w() end, function(m) return "yes " .. m end))
-- yield across xpcall
local co = coroutine.wrap(function()
  return xpcall(function(a) local b = coroutine.yield(a + 1) if b == "err" then error("after yield", 0) end return b end, function(m) return "H " .. m end, 10)
end)
print(co()) print(co("ok"))
co = coroutine.wrap(function() return xpcall(function(a) local b = coroutine.yield(a + 1) if b == "err" then error("after yield", 0) end return b end, function(m) return "H " .. m end, 10) end)
print(co()) print(co("err"))
-- errors of each kind through a handler
for _, f in ipairs { function() return 1 + nil end, function() return #5 end, function() return {} .. "x" end, function() return 1 < "2" end, function() nofunc() end, function() return ("x"):rep(1, 2, 3), nil & 1 end, function() string.rep() end, function() error({}, 2) end, function() error() end, function() assert(false) end, function() assert(false, "am") end, function() setmetatable({}, { __index = function(_, k) error("idx " .. k, 0) end }).foo() end } do
  print(xpcall(f, function(m) return type(m) == "table" and "table" or "<" .. tostring(m) .. ">" end))
end
-- closing happens after the handler
print(xpcall(function() local c <close> = setmetatable({}, { __close = function(_, e) print("closing", e) end }) error("E", 0) end, function(m) print("handler", m) return m .. "2" end))
-- debug.traceback as a handler gives a string that starts with the message
local ok, tb = xpcall(function() error("tb") end, debug.traceback)
print(ok, tb:match("^[^\n]*"), tb:match("\n(stack traceback:)\n"))
print(xpcall(error, function(m) return debug.traceback(m, 1) ~= m end, "s")) ok, tb = xpcall(error, debug.traceback, 5) print(tb:match("^[^\n]*")) ok, tb = xpcall(error, debug.traceback, { 1 }) print(type(tb))
