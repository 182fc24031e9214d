-- debug.traceback inside coroutines (so that the host's part of the stack is not shown).
local function show(f, ...)
  local co = coroutine.create(f)
  local ok, r = coroutine.resume(co, ...)
  print(ok, r)
end
show(function() return debug.traceback() end)
show(function() return debug.traceback("message") end)
show(function() return debug.traceback("level 1", 1) end)
show(function() return debug.traceback("level 0", 0) end)
show(function() return debug.traceback("level 2", 2) end)
show(function() return debug.traceback(nil) end)
show(function() return debug.traceback(12) end)
show(function() return debug.traceback(nil, 0) end)
show(function() return (debug.traceback("multi\nline")) end)
local function loc(m) local s = debug.traceback(m) return s end
function glob(m) local s = loc(m) return s end
local t = { f = function(m) local s = glob(m) return s end }
function t:meth(m) local s = self.f(m) return s end
show(function() local s = t:meth("names") return s end)
show(function() local function inner() local s = debug.traceback("local inner") return s end local s = inner() return s end)
show(function() local s = loc("upvalue") return s end)
show(function() return loc("tail") end)
show(function() local s = (function() return (debug.traceback("anon")) end)() return s end)
-- the coroutine argument
local co = coroutine.create(function(a) local b = coroutine.yield(a) error("failed " .. b) end)
print(debug.traceback(co)) print(debug.traceback(co, "not started"))
coroutine.resume(co, 1)
print(debug.traceback(co)) print(debug.traceback(co, "suspended")) print(debug.traceback(co, "level 1", 1)) print(debug.traceback(co, nil, 0))
print(coroutine.resume(co, "x"))
print(debug.traceback(co, "dead with error"))
local function rec(n) if n == 0 then coroutine.yield() end rec(n - 1) end
co = coroutine.create(rec) coroutine.resume(co, 3)
print(debug.traceback(co))
co = coroutine.create(function() return 1 end) coroutine.resume(co)
print(debug.traceback(co, "finished"))
-- deep stacks are shortened
co = coroutine.create(function() local function r(n) if n > 0 then local x = r(n - 1) return x end coroutine.yield() end r(60) end)
coroutine.resume(co)
print(debug.traceback(co, "deep"))
-- through pcall, metamethods, iterators, sort
co = coroutine.create(function() pcall(function() coroutine.yield() end) end) coroutine.resume(co) print(debug.traceback(co, "pcall"))
co = coroutine.create(function() local o = setmetatable({}, { __index = function() coroutine.yield() end, __add = function() coroutine.yield() end }) local x = o.x x = o + 1 end)
coroutine.resume(co) print(debug.traceback(co, "index")) coroutine.resume(co) print(debug.traceback(co, "add"))
co = coroutine.create(function() for x in function() coroutine.yield() end do end end) coroutine.resume(co) print(debug.traceback(co, "iterator"))
show(function() local s table.sort({ 2, 1 }, function(a, b) s = s or debug.traceback("sort") return a < b end) return s end)
show(function() local s string.gsub("a", "a", function() s = debug.traceback("gsub") end) return s end)
show(function() local ok, s = xpcall(function() local x = nil + 1 end, debug.traceback) return s end)
show(function() local ok, s = xpcall(function() error("err") end, debug.traceback) return s end)
show(function() local ok, s = xpcall(string.rep, debug.traceback) return s end)
show(function() local ok, s = xpcall(error, debug.traceback, "direct", 0) return s end)
-- in a loaded chunk
show(load("return (debug.traceback('chunk'))", "=named")) show(load("\n\nlocal function f() local s = debug.traceback('chunk') return s end local x = f() return x", "@file.lua")) show(load("local x = debug.traceback('text') return x", "return code"))
print(type(debug.traceback(co, {}))) print(debug.traceback(true), debug.traceback(print) == print)
-- tail calls
local function leaf() coroutine.yield() end
local function tail(...) return leaf(...) end
local function vararg(...) local n = select('#', ...) if n > 20 then coroutine.yield() end return vararg_again(n, ...) end
function vararg_again(n, ...) if n > 3 then coroutine.yield(debug.traceback("vararg")) return end return vararg(1, ...) end
local function level(f, ...) local r = f(...) return r end
local function shown(title, f, ...) local c = coroutine.create(f) local _, text = coroutine.resume(c, ...) print(debug.traceback(c, title)) if text then print(text) end end
shown("tail", function() level(tail) end)
shown("tail of the first", function() return tail() end)
shown("tail of many", function() level(tail, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18) end)
shown("tail to varargs", function() level(vararg) end)
shown("tail in pcall", function() pcall(tail) end)
shown("tail in a metamethod", function() local o = setmetatable({}, { __index = function() return leaf() end, __close = tail }) do local c <close> = o end local x = o.x end)
shown("tail in an iterator", function() for x in tail do end end)
shown("tail to a built-in", function() local function f() return coroutine.yield() end local x = f() end)
shown("tail to pcall", function() local function f() return pcall(tail) end local x = f() end)
shown("tail of a tail", function() local function f(n) if n == 0 then return leaf() end return f(n - 1) end local x = f(10) end)
show(function() return debug.traceback("as it returns") end)
show(function() local function f() return error("in a tail") end local function g() return f() end local _, text = xpcall(g, debug.traceback) return text end)
show(function() local chunk = load("coroutine.yield() local x = ...", "=chunk") local c = coroutine.create(function() chunk() end) coroutine.resume(c) return (debug.traceback(c)) end)
print(pcall(function() local function f() error("level 2", 2) end local function g() return f() end g() end))

print(debug.traceback("m", -1)) print(debug.traceback(nil, -3)) print(debug.traceback(coroutine.create(print), "c", -1))

-- What has raised the error is a level of its own for a handler in Lua.
local function shown(m)
  for level = 0, 4 do print(level, (debug.traceback(m, level):gsub("\n%s*", " | "))) end
  return m
end
xpcall(function() error("raised") end, shown)
xpcall(function() string.rep() end, shown)
xpcall(function() local s <const> = ("x"):rep(3, {}) end, shown)
