-- __index and __newindex: functions, tables, chains.
local log = {}
local t = setmetatable({ own = 1 }, { __index = function(t, k) log[#log + 1] = tostring(k) return k ~= "nothing" and "<" .. tostring(k) .. ">" or nil end })
print(t.own, t.x, t[1], t[1.5], t[true], t["a b"], t.nothing, t[nil], t[2.0])
print(table.concat(log, " ")) print(rawget(t, "x"), rawget(t, "own"), next(t))
-- several results are cut to one
local m = setmetatable({}, { __index = function() return 1, 2, 3 end })
print(m.x, (m.y)) print(select("#", m.x)) print(#{ m.x, m.y })
-- table chains
local A = { a = "A.a", x = "A.x" } local B = setmetatable({ b = "B.b", x = "B.x" }, { __index = A }) local C = setmetatable({ c = "C.c" }, { __index = B })
print(C.a, C.b, C.c, C.x, C.nope) A.late = "late" print(C.late) B.x = nil print(C.x) C.x = "C.x" print(C.x, B.x, A.x)
local D = setmetatable({}, { __index = setmetatable({}, { __index = function(s, k) return k .. "!" end }) }) print(D.foo, D[1])
local long = { v = "end of chain" } for i = 1, 50 do long = setmetatable({}, { __index = long }) end print(long.v, long.w)
-- the function receives the table where the chain leads
local inner = setmetatable({}, { __index = function(s, k) return s end }) local outer = setmetatable({}, { __index = inner }) print(outer.q == inner, outer.q == outer)
-- __index on other types: strings, and no others by default
print(("x").len == string.len, ("abc").rep ~= nil, ("abc").nope, #("abc"):upper())
local old = getmetatable("").__index getmetatable("").__index = function(s, k) if type(k) == "number" then return s:sub(k, k) end return old[k] end print(("hello")[1], ("hello")[5], ("hello")[9], ("hello"):upper()) getmetatable("").__index = old
-- __index that is a string or another value with __index
print(setmetatable({}, { __index = "str" }).len == string.len, setmetatable({}, { __index = "str" }).nope)
-- __newindex function
local nlog = {}
local n = setmetatable({ e = 1 }, { __newindex = function(t, k, v) nlog[#nlog + 1] = tostring(k) .. "=" .. tostring(v) if k == "keep" then rawset(t, k, v) end end })
n.e = 2 n.new = 3 n[1] = "one" n.keep = "k" n.keep = "k2" n[1.0] = "float" n.nilv = nil n[nil] = "nil key" n[0 / 0 ~= 0 / 0] = "true key" print(n.e, n.new, n[1], n.keep) print(table.concat(nlog, " "))
n.e = nil n.e = 5 print(n.e, nlog[#nlog])
-- __newindex table
local store = {} local w = setmetatable({}, { __newindex = store }) w.a = 1 w[1] = 2 print(rawget(w, "a"), store.a, store[1], w.a) local w2 = setmetatable({}, { __newindex = w, __index = store }) w2.b = "b" print(rawget(w2, "b"), rawget(w, "b"), store.b, w2.b)
-- __newindex with existing but nil value, and with false
local f = setmetatable({ x = false }, { __index = function() return "idx" end, __newindex = function() print "newindex called" end }) print(f.x) f.x = nil print(f.x) f.x = 1 print(rawget(f, "x"))
-- read-only, default values, tracking, counting
local function readonly(t) return setmetatable({}, { __index = t, __newindex = function(_, k) error("attempt to update field '" .. tostring(k) .. "'", 2) end, __len = function() return #t end, __pairs = function() return pairs(t) end }) end
local days = readonly { "Sun", "Mon" } print(days[1], #days, pcall(function() days[1] = "x" end)) for k, v in pairs(days) do print(k, v) end
local defaults = setmetatable({}, { __index = function(t, k) local v = #tostring(k) rawset(t, k, v) return v end }) print(defaults.abc, rawget(defaults, "abc"), defaults.abcd + defaults.abc)
local counts = setmetatable({}, { __index = function() return 0 end }) for w in ("a b a c a b"):gmatch("%a") do counts[w] = counts[w] + 1 end print(counts.a, counts.b, counts.c, counts.d)
-- multiple levels of assignment through metamethods
local auto = {} auto.mt = { __index = function(t, k) local n = setmetatable({}, auto.mt) rawset(t, k, n) return n end } local root = setmetatable({}, auto.mt) root.a.b.c.d = 5 print(root.a.b.c.d, rawget(root.a.b, "c") ~= nil, next(root.z))
-- methods and self through __index
local P = {} P.__index = P function P.new(n) return setmetatable({ n = n }, P) end function P:hi() return "hi " .. self.n end print(P.new "p":hi(), P.new("q").hi { n = "fake" }) local Q = setmetatable({}, { __index = P }) Q.__index = Q function Q:hi() return P.hi(self) .. "!" end print(setmetatable({ n = "q" }, Q):hi(), Q.new == P.new)
-- global access
setmetatable(_G, { __index = function(_, k) return "global " .. k end, __newindex = function(t, k, v) rawset(t, k, v and v .. "!") end }) print(whatever, rawget(_G, "whatever")) gset = "set" print(gset) setmetatable(_G, nil) print(whatever)
-- library functions that respect metamethods
local prox = setmetatable({}, { __index = { 10, 20, 30 }, __len = function() return 3 end }) print(table.concat(prox, ","), table.unpack(prox)) print(select("#", table.unpack(prox))) for i, v in ipairs(prox) do print(i, v) end local sink = {} local px = setmetatable({}, { __newindex = function(_, k, v) sink[#sink + 1] = k .. ":" .. tostring(v) end, __index = function(_, k) return sink[k] end, __len = function() return #sink end }) table.insert(px, "a") table.insert(px, "b") table.insert(px, 1, "c") print(table.concat(sink, " ")) print(next(px), rawlen(px), #px) table.move({ 7, 8 }, 1, 2, 10, px) print(table.concat(sink, " "))
local srt = { 3, 1, 2 } local ps = setmetatable({}, { __index = srt, __newindex = function(_, k, v) srt[k] = v end, __len = function() return #srt end }) table.sort(ps) print(table.concat(srt, " ")) print(table.remove(ps), #srt, table.concat(srt, " "))
