-- coroutine.close.
local function mk(n) return setmetatable({}, { __close = function(_, e) print("close", n, e) end }) end
local co = coroutine.create(function() end) print(coroutine.close(co), coroutine.status(co)) print(coroutine.resume(co)) print(coroutine.close(co))
co = coroutine.create(function() coroutine.yield(1) end) coroutine.resume(co) print(coroutine.status(co), coroutine.close(co), coroutine.status(co)) print(coroutine.resume(co))
co = coroutine.create(function() local a <close> = mk "a" local b <close> = mk "b" coroutine.yield() print "not reached" end) coroutine.resume(co) print(coroutine.close(co)) print(coroutine.status(co), select("#", coroutine.close(co)))
co = coroutine.create(function() local a <close> = mk "outer" pcall(function() local b <close> = mk "inner" coroutine.yield() end) print "not reached" end) coroutine.resume(co) print(coroutine.close(co))
co = coroutine.create(function() local a <close> = mk "after" local b <close> = setmetatable({}, { __close = function() error("in close", 0) end }) local c <close> = mk "first" coroutine.yield() end) coroutine.resume(co) print(coroutine.close(co)) print(coroutine.close(co), coroutine.status(co))
co = coroutine.create(function() error("died", 0) end) coroutine.resume(co) print(coroutine.status(co), coroutine.close(co)) print(coroutine.close(co)) local t = {} co = coroutine.create(function() error(t) end) coroutine.resume(co) local ok, e = coroutine.close(co) print(ok, e == t) co = coroutine.create(function() local a <close> = mk "err" error("E", 0) end) print(coroutine.resume(co)) print(coroutine.close(co))
-- finished normally
co = coroutine.create(function() return 1, 2 end) coroutine.resume(co) print(coroutine.close(co), coroutine.status(co))
-- running and normal coroutines cannot be closed
print(coroutine.wrap(function() return pcall(coroutine.close, coroutine.running()) end)()) local outer outer = coroutine.create(function() local inner = coroutine.wrap(function() return pcall(coroutine.close, outer) end) return inner() end) print(coroutine.resume(outer)) print(pcall(coroutine.close)) print(pcall(coroutine.close, 1)) print(pcall(coroutine.close, print))
-- generators abandoned and closed by a for loop
local function gen(n) local co = coroutine.create(function() local c <close> = mk "generator" for i = 1, n do coroutine.yield(i) end end) return function() local ok, v = coroutine.resume(co) return v end, nil, nil, setmetatable({}, { __close = function() print("closing", coroutine.close(co)) end }) end for v in gen(5) do print(v) if v == 2 then break end end for v in gen(2) do print(v) end
-- closes while in iterator, metamethod, nested calls
co = coroutine.create(function() local o = setmetatable({}, { __index = function() local c <close> = mk "in index" coroutine.yield() end }) local d <close> = mk "around" return o.x end) coroutine.resume(co) print(coroutine.close(co)) co = coroutine.create(function() for x in function() coroutine.yield() end, nil, nil, mk "loop" do end end) coroutine.resume(co) print(coroutine.close(co)) co = coroutine.create(function() local function f(n) local c <close> = mk("f" .. n) if n == 0 then coroutine.yield() else f(n - 1) end end f(2) end) coroutine.resume(co) print(coroutine.close(co))
-- upvalues of closed coroutines survive
local get co = coroutine.create(function() local v = "captured" get = function() return v end coroutine.yield() end) coroutine.resume(co) coroutine.close(co) print(get())
-- closing many
local n = 0 for i = 1, 100 do local c = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() n = n + i end }) coroutine.yield() end) coroutine.resume(c) coroutine.close(c) end print(n)
-- closing one coroutine from another, and inside a close handler
local victim = coroutine.create(function() local a <close> = mk "victim" coroutine.yield() end) coroutine.resume(victim) print(coroutine.wrap(function() return coroutine.close(victim) end)()) local v2 = coroutine.create(function() local a <close> = mk "v2" coroutine.yield() end) coroutine.resume(v2) do local x <close> = setmetatable({}, { __close = function() print(coroutine.close(v2)) end }) end
