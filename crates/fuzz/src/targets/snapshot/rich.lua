--- a coroutine that yielded inside of pcall, xpcall and a coroutine of its own
local function inner(...) local a, b = coroutine.yield(...) return a, b, select("#", ...) end
local co = coroutine.create(function(...)
  local ok, err = pcall(function(...) return xpcall(inner, function(m) return debug.traceback(m) end, ...) end, ...)
  coroutine.yield(ok, err)
  error({ "fails" })
end)
print(coroutine.resume(co, 1, "two", {}))
for i = 1, 40 do if i == 20 then print(coroutine.resume(co, i)) end local t = { i, i * 2.5, tostring(i) } end
print(coroutine.resume(co)) print(coroutine.status(co), debug.traceback(co)) print(coroutine.close(co))
--- metamethods that yield, of every sort
local meta = {}
local function yields(name) return function(a, b) coroutine.yield(name) return name end end
for _, name in ipairs { "index", "newindex", "add", "sub", "concat", "len", "eq", "lt", "le", "call", "unm", "idiv", "shl" } do
  meta["__" .. name] = yields(name)
end
local co = coroutine.wrap(function()
  local a, b = setmetatable({}, meta), setmetatable({}, meta)
  local list = { a.x, a + b, a - 1, a .. "x" .. b, "x" .. a, #a, a == b, a < b, a <= b, a(1), -a, a // b, a << 1 }
  a.y = 1
  return "done", #list
end)
for i = 1, 20 do local ok, what = pcall(co) print(i, ok, what) for j = 1, 15 do end end
--- a comparator, a callback and an iterator that yield
local co = coroutine.wrap(function()
  local t = { 5, 3, 8, 1, 9, 2, 7 }
  table.sort(t, function(a, b) coroutine.yield(a) return a < b end)
  local s = string.gsub("hello world", "%w+", function(w) coroutine.yield(w) return w:upper() end)
  for k, v in function(s, i) coroutine.yield("iterates") if i < 3 then return i + 1, i end end, nil, 0 do s = s .. k end
  for k in pairs(setmetatable({}, { __pairs = function(t) coroutine.yield("pairs") return next, { a = 1 }, nil end })) do s = s .. k end
  for w in string.gmatch("a b c d", "%a") do coroutine.yield(w) end
  return s, table.concat(t, " ")
end)
for i = 1, 45 do local ok, a, b = pcall(co) if i % 5 == 0 then print(ok, a, b) end end
--- variables to be closed, with errors and yields on the way
local function closer(name) return setmetatable({}, { __close = function(_, e) coroutine.yield(name, e) if name == "b" then error("in " .. name) end end }) end
local co = coroutine.create(function()
  local ok, err = pcall(function()
    local a <close> = closer("a")
    local b <close> = closer("b")
    for i in function(_, i) if i < 2 then return i + 1 end end, nil, 0, closer("for") do local c <close> = closer("c" .. i) end
    local d <close> = closer("d")
    error("out")
  end)
  coroutine.yield(ok, err)
  local e <close> = closer("e")
  return (function(...) local f <close> = closer("f") return ... end)(1, 2, 3)
end)
for i = 1, 14 do print(coroutine.resume(co)) end
local waits = coroutine.create(function() local x <close> = closer("x") local y <close> = closer("y") coroutine.yield() end)
coroutine.resume(waits) print(coroutine.close(coroutine.create(print)))
print(coroutine.resume(coroutine.create(function() return coroutine.close(waits) end)))
--- weak tables and finalizers
local weak = { k = setmetatable({}, { __mode = "k" }), v = setmetatable({}, { __mode = "v" }), kv = setmetatable({}, { __mode = "kv" }) }
local kept = {}
for i = 1, 60 do
  local key, value = { i }, { -i }
  weak.k[key] = value weak.v[i] = value weak.kv[key] = { value } weak.k[value] = key
  if i % 7 == 0 then kept[#kept + 1] = key end
  setmetatable(key, { __gc = function(o) kept.last = o[1] local t = setmetatable({}, getmetatable(o)) end, __name = "Key" })
  if i % 20 == 0 then collectgarbage() end
end
local n = 0 for k, v in pairs(weak.k) do n = n + 1 end
print(n > 0, kept.last ~= nil, tostring(kept[1]):sub(1, 3))
--- tasks, channels, select and timers
local ch, results = channel.new(2), channel.new()
for i = 1, 3 do coroutine.spawn(function(n) for j = 1, 4 do ch:send(n * j) end results:send(n) end, i) end
coroutine.spawn(function() local co = coroutine.wrap(function() while true do coroutine.yield((ch:receive())) end end) for i = 1, 5 do co() end results:send("wrap") end)
local inbox, count = process.inbox(), 0
while count < 6 do
  local r = channel.select { ch:case_receive(), results:case_receive(), inbox:case_receive(), channel.new():case_receive() }
  count = count + (r.channel == results and 1 or 0)
end
print(count) print(inbox:receive())
--- calls with many values, tail calls, varargs, deep recursion
local function pass(...) return ... end
local function tail(n, ...) if n == 0 then return select("#", ...), ... end return tail(n - 1, n, ...) end
local function deep(n) if n == 0 then return 0 end local a, b, c = n, pass(n, n) return 1 + deep(n - 1) end
print(tail(30), deep(120))
local t = {} for i = 1, 300 do t[i] = i end
print(select("#", pcall(pcall, pass, table.unpack(t)))) print((select(-1, tail(5, table.unpack(t)))))
local packed = table.pack(pass(table.unpack(t, 1, 200))) print(packed.n, #{ pass(table.unpack(t)) }, math.max(table.unpack(t)))
--- captured variables, closures in loops, loaded chunks
local counters, total = {}, 0
for i = 1, 10 do
  local n = i
  counters[i] = { function() n = n + 1 total = total + n return n end, function() return n, i end }
end
for i = 1, 10 do for j = 1, 5 do counters[i][1]() end end
local chunk = load("local a, b = ... local function f() a = a + 1 return a end return function() b = f() return a, b, _ENV end", "=chunk")
local other = load("x = (x or 0) + 1 return x", "=other", "t", setmetatable({}, { __index = _G }))
local f = chunk(1, 2) for i = 1, 20 do f() other() end
print(total, f(), (other())) print(load("syntax error here")) print(pcall(load("error('loaded', 2)")))
--- long work of builtins: they are continued
local s = string.rep("ab", 3000) print(#s, s:find("c", 1, true), (s:gsub("a", "b", 100)):sub(1, 5), s:match("(a-)b*$"))
print(select(2, s:gsub("%f[%w]%w", "x")), #table.concat({ s, s }, ","), s:byte(-1), #s:reverse(), utf8.len(s), s < s .. "x")
local t = {} for i = 1, 2000 do t[i] = (i * 7919) % 2003 end table.sort(t) print(t[1], t[2000], #t)
print(table.concat(table.move(t, 1, 5, 3, {}), ","), string.format("%5.1f|%q|%-8s|%x", 3.14159, "a\nb", "x", 255), string.pack("<i4z", 7, "x"):len())
for i = 1, 3 do table.insert(t, i, -i) table.remove(t) end print(next({}), rawlen(t), select("#", table.unpack(t, 1, 50)))
--- objects of the runtime: errors, messages, json
local json = require("json")
local ok, e = pcall(function() error(errors.new("invalid", "a message", { details = { 1 } })) end)
print(ok, tostring(e), pcall(error, e)) print(json.encode({ 1, { a = "b", c = { 2.5, true } }, "text" })) print(json.decode('{"a":[1,2,{"b":null}],"c":"d"}').a[3] ~= nil)
local inbox = process.inbox() local m = inbox:receive() print(m:topic(), m:from(), m:payload())
print(pcall(channel.new, -1), tostring(channel.new(1)), pcall(process.send, "nobody", "topic", { 1, { 2 } }), os.time { year = 2024, month = 2, day = 30 })
print(string.format("%s %s", setmetatable({}, { __tostring = function() return "shown" end }), coroutine.isyieldable()), os.date("!%Y-%m-%d", 86400))
