-- Weak tables and finalizers where the outcome is certain.
local function collect() collectgarbage() collectgarbage() end
local weak = setmetatable({}, { __mode = "v" })
weak.keep = {} local keep = weak.keep weak.lost = {} weak[1] = {} weak.str = "string" weak.num = 5 weak.bool = true weak.fn = print
collect() print(weak.keep == keep, weak.lost, weak[1], weak.str, weak.num, weak.bool, weak.fn == print)
local wk = setmetatable({}, { __mode = "k" }) local key = {} wk[key] = "kept" wk[{}] = "lost" wk.str = "string key" wk[1] = {} collect() local n = 0 for k, v in pairs(wk) do n = n + 1 end print(n, wk[key], wk.str, type(wk[1]))
-- ephemeron: value refers to its key
local eph = setmetatable({}, { __mode = "k" }) do local k = {} eph[k] = { k } end do local a, b = {}, {} eph[a] = b eph[b] = a end collect() print(next(eph)) local ek = {} eph[ek] = { ek, "value" } collect() print(eph[ek][2])
-- chain of ephemerons from a live key
local e1 = {} do local e2 = {} eph[e1] = e2 eph[e2] = "end" end collect() print(eph[eph[e1]])
local both = setmetatable({}, { __mode = "kv" }) local kk, vv = {}, {} both[kk] = vv both[{}] = vv both[1] = {} both.v = vv both[kk] = vv collect() n = 0 for _ in pairs(both) do n = n + 1 end print(n, both[kk] == vv, both.v == vv, both[1])
-- strong tables keep
local strong = setmetatable({}, { __mode = "" }) strong[1] = {} strong[{}] = 1 collect() n = 0 for _ in pairs(strong) do n = n + 1 end print(n)
-- finalizers
local out = {}
local function fin(name) return setmetatable({ name = name }, { __gc = function(o) out[#out + 1] = o.name end }) end
do local x = fin "one" end collect() print(table.concat(out, " ")) out = {}
do local held = fin "held" collect() print(#out, held.name) end collect() print(table.concat(out, " ")) out = {}
-- reverse order of marking
do local a, b, c = fin "a", fin "b", fin "c" end collect() print(table.concat(out, " ")) out = {}
-- __gc must be there when setmetatable is called
do local late = {} local mt = {} setmetatable(late, mt) mt.__gc = function() out[#out + 1] = "late" end end collect() print(#out) do local mt = { __gc = true } local early = setmetatable({}, mt) mt.__gc = function() out[#out + 1] = "early" end end collect() print(table.concat(out, " ")) out = {}
-- resurrection: runs once unless set again
local saved do local r = setmetatable({ "phoenix" }, { __gc = function(o) out[#out + 1] = "gc" saved = o end }) end collect() print(saved[1], table.concat(out, " ")) saved = nil collect() print(table.concat(out, " ")) out = {}
do local again again = { __gc = function(o) out[#out + 1] = "again" if #out < 3 then setmetatable(o, getmetatable(o)) end end } setmetatable({}, again) end for i = 1, 6 do collect() end print(#out) out = {}
-- objects of a finalizer are still usable
do local inner = { "inner value" } setmetatable({ inner = inner }, { __gc = function(o) out[#out + 1] = o.inner[1] end }) end collect() print(table.concat(out, " ")) out = {}
-- non-function __gc is ignored
do setmetatable({}, { __gc = 5 }) setmetatable({}, { __gc = {} }) end collect() print "ignored"
-- weak values are cleared before finalizers, weak keys after
do local wv, wkk = setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" }) do local o o = setmetatable({}, { __gc = function(s) out[#out + 1] = tostring(wv[1] == nil) .. " " .. tostring(wkk[s]) end }) wv[1] = o wkk[o] = "still there" end collect() print(table.concat(out, " ")) collect() print(next(wkk)) out = {} end
-- collected cycles, closures, coroutines
local probe = setmetatable({}, { __mode = "v" }) do local a, b = {}, {} a.b = b b.a = a probe.a = a end do local v = {} probe.fn = function() return v end end do local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) probe.co = co end collect() print(probe.a, probe.fn, probe.co)
local kept = (function() local v = { "up" } probe.up = v return function() return v[1] end end)() collect() print(probe.up ~= nil, kept()) kept = nil collect() print(probe.up)
-- locals of a suspended coroutine are alive
local co = coroutine.wrap(function() local v = { "alive" } probe.v = v coroutine.yield() return v[1] end) co() collect() print(probe.v ~= nil, co())
print(type(collectgarbage("count")), math.type(collectgarbage("count")), collectgarbage("count") > 0, collectgarbage() == 0, collectgarbage("collect"))
-- memory goes down again
local before = collectgarbage("count") do local big = {} for i = 1, 20000 do big[i] = { i } end end local mid = collectgarbage("count") collect() local after = collectgarbage("count") print(mid > before, after < mid)
