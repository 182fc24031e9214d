-- Weak tables in every mode with every kind of key and value; what stays and what goes.
local function collect() collectgarbage() collectgarbage() end
local function count(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n end
local function fill(t)
  t[1] = {} t[2] = "two" t[3] = function() return t end t[4] = 4.5 t[5] = {} t[6] = coroutine.create(print) t[7] = {}
  t.a = {} t.b = "string value that is long" t.c = 1 << 60 t.d = print t.e = true
  t[{}] = 1 t[{}] = {} t[{}] = "text" t[function() return t end] = 2 t[1.5] = {} t[1 << 60] = {} t["a long key, in the heap"] = {} t[true] = {} t[coroutine.create(print)] = 3 t[print] = 4
end
for _, mode in ipairs { "k", "v", "kv", "vk", "", "x", "K", "key", "weak values", "kkk" } do
  local t = setmetatable({}, { __mode = mode }) fill(t) collect()
  print(mode, count(t), #t > 0, t[1] and type(t[1]), t[2], t[3] and type(t[3]), t[4], t[5] and type(t[5]), t[6] and type(t[6]), t.a and type(t.a), t.b, t.c, t.d == print, t.e, t[1.5] and type(t[1.5]), t[1 << 60] and type(t[1 << 60]), t["a long key, in the heap"] and type(t["a long key, in the heap"]), t[true] and type(t[true]), t[print])
end
for _, mode in ipairs { 1, true, {}, print } do local t = setmetatable({}, { __mode = mode }) fill(t) collect() print(type(mode), count(t)) end
-- the mode may come, go and change later
local meta = {} local t = setmetatable({}, meta) t[1] = {} t[2] = {} collect() print(#t) meta.__mode = "v" collect() print(#t)
t[1] = {} meta.__mode = nil collect() print(#t) meta.__mode = "k" t[{}] = 1 collect() print(count(t)) meta.__mode = "v" collect() print(count(t))
setmetatable(t, nil) t[1] = {} collect() print(count(t)) setmetatable(t, meta) collect() print(count(t))
-- a name that was put together, inherited modes do not count
local made = setmetatable({}, { [table.concat { "__mo", "de" }] = table.concat { "k", "v" } }) made[1] = {} made[{}] = 1 collect() print(count(made))
local inherits = setmetatable({}, setmetatable({}, { __index = { __mode = "kv" } })) inherits[1] = {} collect() print(count(inherits))
-- its own metatable, and one shared by many
local own = { __mode = "v" } setmetatable(own, own) own[1] = {} own.x = {} collect() print(own[1], own.x, own.__mode)
local shared, tables = { __mode = "k" }, {} for i = 1, 100 do tables[i] = setmetatable({}, shared) tables[i][{}] = i tables[i][tables] = i end collect() local n = 0 for i = 1, 100 do n = n + count(tables[i]) end print(n)
-- holes and lengths
local v = setmetatable({}, { __mode = "v" }) for i = 1, 20 do v[i] = {} end collect() print(#v, count(v)) for i = 1, 20 do v[i] = i % 2 == 0 and {} or i end collect() print(count(v), v[1], v[2], v[19], v[20]) v[#v + 1] = "more" print(count(v))
local keep = {} for i = 1, 20 do keep[i] = {} v[i] = keep[i] end collect() print(#v, v[7] == keep[7]) for i = 11, 20 do keep[i] = nil end collect() print(#v, count(v))
-- many keys: the index is made again
local big, alive = setmetatable({}, { __mode = "k" }), {} for i = 1, 500 do local k = {} big[k] = i if i % 5 == 0 then alive[#alive + 1] = k end end collect() local sum = 0 for k, x in pairs(big) do sum = sum + x end print(count(big), sum) for i, k in ipairs(alive) do if big[k] ~= i * 5 then print("lost", i) end end
for i = 1, 500 do big[{}] = i end collect() print(count(big)) for _, k in ipairs(alive) do big[k] = nil end collect() print(count(big), next(big))
-- ephemerons: long chains, in both orders, and cycles
local e = setmetatable({}, { __mode = "k" }) local first = {} do local k = first for i = 1, 300 do local after = {} e[k] = after k = after end e[k] = "end" end collect() local k, steps = first, 0 while type(e[k]) == "table" do k = e[k] steps = steps + 1 end print(steps, e[k])
first, k = nil, nil collect() print(count(e))
local list, last = {}, { "last" } for i = 300, 1, -1 do local before = {} list[#list + 1] = { before, last } last = before end for _, pair in ipairs(list) do e[pair[1]] = pair[2] end list = nil collect() print(count(e)) local depth, at = 0, last while e[at] do at = e[at] depth = depth + 1 end print(depth, at[1]) last, at = nil, nil collect() print(count(e))
local a, b = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" }) do local x, y, z = {}, {}, {} a[x] = y b[y] = z a[z] = x end collect() print(count(a), count(b)) local x = {} do local y, z = {}, {} a[x] = y b[y] = z a[z] = "found" end collect() print(a[b[a[x]]])
local through = setmetatable({}, { __mode = "k" }) do local key = {} through[key] = function() return key end end collect() print(count(through))
-- one key in several tables
local key, t1, t2, t3 = {}, setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "kv" }) t1[key] = { 1 } t2[key] = { 2 } t3[key] = key collect() print(t1[key][1], t2[key][1], t3[key] == key) key = nil collect() print(count(t1), count(t2), count(t3))
-- weak tables in weak tables, as keys, values, metatables
local outer = setmetatable({}, { __mode = "v" }) outer[1] = setmetatable({}, { __mode = "k" }) outer[2] = outer collect() print(outer[1], outer[2] == outer)
local wm = setmetatable({ __mode = "v", __index = function(_, k) return k end }, { __mode = "k" }) local wt = setmetatable({}, wm) wt[1] = {} wm[{}] = 1 collect() print(rawget(wt, 1), count(wm), wt.any)
-- removing while a traversal goes on, with collections in between
local walked = setmetatable({}, { __mode = "k" }) local held = {} for i = 1, 50 do held[i] = {} walked[held[i]] = i end local seen = 0 for k, x in pairs(walked) do seen = seen + 1 walked[k] = nil if x % 10 == 0 then collect() end end print(seen, next(walked))
for i = 1, 50 do walked[held[i]] = i end seen = 0 for k, x in pairs(walked) do seen = seen + 1 held[x] = nil if x % 10 == 0 then collect() end end collect() print(seen, next(walked) == nil)
-- strings and numbers are never removed
local names = setmetatable({}, { __mode = "kv" }) for i = 1, 20 do names["key number " .. i] = "value number " .. i names[i + 0.5] = (1 << 50) + i end collect() print(count(names), names["key number 7"], names[3.5])
-- what tostring has shown is collected too
local shown = setmetatable({}, { __mode = "k" }) do local o = {} shown[o] = tostring(o) end collect() print(next(shown))
-- upvalues, varargs and suspended coroutines keep
local w = setmetatable({}, { __mode = "v" }) local function holder() local o = { "up" } w.up = o return function() return o end end local h = holder() collect() print(w.up[1]) h = nil collect() print(w.up)
local co = coroutine.wrap(function(...) w.arg = ... w.loc = { "local" } local l = w.loc coroutine.yield() collect() print(l[1], (...)[1]) end) co({ "argument" }) collect() print(w.arg[1], w.loc[1]) co() co = nil collect() print(w.arg, w.loc)
local function vararg(...) collect() return select("#", ...), (...)[1] end print(vararg({ "kept" }, {}, {}))
-- table functions on weak tables
local list = setmetatable({}, { __mode = "v" }) local things = {} for i = 1, 5 do things[i] = { i } table.insert(list, things[i]) end collect() table.remove(list, 2) things[2] = nil collect() print(#list, list[2][1]) table.sort(list, function(p, q) return p[1] > q[1] end) print(list[1][1], list[4][1], select("#", table.unpack(list)))
