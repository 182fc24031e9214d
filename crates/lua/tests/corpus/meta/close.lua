-- __close in detail.
local function mk(n, f) return setmetatable({ n = n }, { __close = function(o, e) print("close", o.n, type(e) == "table" and "T" or e) if f then return f(e) end end }) end
-- order, and values seen
do local a <close> = mk "a" local x = 1 local b <close> = mk "b" do local c <close> = mk "c" end print "end of block" end
-- exactly two arguments
do local a <close> = setmetatable({}, { __close = function(...) print(select("#", ...), select(2, ...)) end }) end
pcall(function() local a <close> = setmetatable({}, { __close = function(...) print(select("#", ...), select(2, ...)) end }) error("E", 0) end)
-- results of __close are ignored
local function f() local a <close> = mk("ign", function() return "ignored" end) return "kept", nil, 3 end print(f()) print(select("#", f()))
-- varargs and multiple results survive
local function g(...) local a <close> = mk "va" return ... end print(g(1, nil, 3)) print((g(1, 2))) print(select("#", g()))
-- loops
for i = 1, 3 do local c <close> = mk(i) if i == 2 then goto cont end print("body", i) ::cont:: end
local n = 0 while n < 2 do n = n + 1 local c <close> = mk("w" .. n) end
repeat n = n + 1 local c <close> = mk("r" .. n) local done = n >= 4 until done
for i = 1, 2 do for j = 1, 2 do local c <close> = mk(i .. j) if j == 1 then break end end end
local function early() for i = 1, 3 do local c <close> = mk("e" .. i) for j = 1, 3 do local d <close> = mk("d" .. j) if j == 2 then return i, j end end end end print(early())
-- nested functions
local function outer() local a <close> = mk "outer" local function inner() local b <close> = mk "inner" return "inner result" end return inner() end print(outer())
-- errors: each __close sees the latest error
print(pcall(function() local a <close> = mk("1") local b <close> = mk("2", function(e) error(e .. "+2", 0) end) local c <close> = mk("3", function(e) error(e .. "+3", 0) end) error("start", 0) end))
print(pcall(function() local a <close> = mk("1", function(e) error("from 1", 0) end) return "value" end))
print(pcall(function() local a <close> = mk("1") for i = 1, 3 do local b <close> = mk("l" .. i, function(e) if i == 2 then error("in loop", 0) end end) end end))
print(pcall(function() local a <close> = mk("tbl", function(e) print(type(e), type(e) == "table" and e.code) end) error({ code = 9 }) end) == false)
print(pcall(function() local a <close> = mk("nilerr", function(e) print("e is", e) end) error() end))
-- error position of a failing close
print(pcall(function() local a <close> = setmetatable({}, { __close = function() local x = nil; return x.y end }) end))
-- pcall inside __close, error swallowed there
print(pcall(function() local a <close> = mk("safe", function() print(pcall(error, "inner", 0)) end) return 1 end))
-- closing nil and false
do local a <close> = nil local b <close> = false print(a, b) end
-- with coroutines: yield inside the block and inside __close
local co = coroutine.wrap(function() local a <close> = mk("co", function() print("resumed with", coroutine.yield("in close")) end) print("got", coroutine.yield("in body")) return "done" end) print(co()) print(co("x")) print(co("y"))
co = coroutine.wrap(function() for i = 1, 2 do local c <close> = mk("y" .. i, function() coroutine.yield("closing " .. i) end) coroutine.yield("body " .. i) end return "end" end) for i = 1, 5 do print(co()) end
co = coroutine.wrap(function() return pcall(function() local c <close> = mk("err", function(e) coroutine.yield("yield in close: " .. e) end) error("boom", 0) end) end) print(co()) print(co())
co = coroutine.wrap(function() local function r() local c <close> = mk("ret", function() coroutine.yield("y") end) return 1, 2, 3 end return r() end) print(co()) print(co())
-- coroutine.close runs pending closes
local c1 = coroutine.create(function() local a <close> = mk "pending1" local b <close> = mk "pending2" coroutine.yield() end) coroutine.resume(c1) print(coroutine.close(c1), coroutine.status(c1))
c1 = coroutine.create(function() local a <close> = mk("p1") local b <close> = mk("p2", function() error("close err", 0) end) coroutine.yield() end) coroutine.resume(c1) print(coroutine.close(c1)) print(coroutine.status(c1), coroutine.close(c1))
c1 = coroutine.create(function() local a <close> = mk "dies" error("dead", 0) end) print(coroutine.resume(c1)) print(coroutine.status(c1), coroutine.close(c1)) print(coroutine.close(c1)) print(coroutine.resume(c1))
local w = coroutine.wrap(function() local a <close> = mk "wrapdies" error("wrap dead", 0) end) print(pcall(w)) print(pcall(w))
-- closures over closed variables still work
local get do local v <close> = mk "captured" get = function() return v.n end end print(get())
-- many
do local fs = {} local function many(k) if k == 0 then return "bottom" end local c <close> = setmetatable({}, { __close = function() fs[#fs + 1] = k end }) local r = many(k - 1) return r end print(many(20), table.concat(fs, " ")) end
-- defer idiom, locks
local function defer(f) return setmetatable({}, { __close = f }) end local locked = false local function with(fn) locked = true local d <close> = defer(function() locked = false end) return fn() end print(with(function() return locked end), locked) print(pcall(with, function() error("x", 0) end), locked)
-- tbc in main chunk of load
print(load("local c <close> = ... return 'chunk result'")(mk "chunk"))
