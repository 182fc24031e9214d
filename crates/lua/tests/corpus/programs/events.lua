-- An event emitter, promises and async functions on coroutines, a pub/sub bus and a state machine.
local Emitter = {}
Emitter.__index = Emitter
function Emitter.new() return setmetatable({ handlers = {} }, Emitter) end
function Emitter:on(ev, f) local l = self.handlers[ev] or {} self.handlers[ev] = l l[#l + 1] = f return function() for i, g in ipairs(l) do if g == f then table.remove(l, i) return true end end return false end end
function Emitter:once(ev, f) local off off = self:on(ev, function(...) off() return f(...) end) return off end
function Emitter:emit(ev, ...) local n = 0 for _, f in ipairs({ table.unpack(self.handlers[ev] or {}) }) do n = n + 1 local ok, e = pcall(f, ...) if not ok and ev ~= "error" then self:emit("error", e, ev) end end return n end
function Emitter:wait(ev) local co = coroutine.running() self:once(ev, function(...) assert(coroutine.resume(co, ...)) end) return coroutine.yield() end
local e = Emitter.new()
local off = e:on("x", function(...) print("first", ...) end)
e:once("x", function(v) print("once", v) end)
e:on("error", function(err, ev) print("error in " .. ev, err) end)
e:on("bad", function() error("handler failed", 0) end)
print(e:emit("x", 1, nil, 3)) print(e:emit("x", 2)) print(off(), off()) print(e:emit("x", 3)) print(e:emit("bad")) print(e:emit("nothing"))
coroutine.wrap(function() print("waiting") local a, b = e:wait "ready" print("ready with", a, b) print("again", (e:wait "ready")) end)()
e:emit("ready", "A", "B") e:emit("ready", "C") e:emit("ready", "D")
-- a loop with timers; async and await
local loop = { time = 0, queue = {}, seq = 0 }
local function after(dt, f) loop.seq = loop.seq + 1 table.insert(loop.queue, { at = loop.time + dt, seq = loop.seq, f = f }) end
local function run() while #loop.queue > 0 do table.sort(loop.queue, function(a, b) if a.at ~= b.at then return a.at < b.at end return a.seq < b.seq end) local t = table.remove(loop.queue, 1) loop.time = t.at t.f() end end
local Promise = {} Promise.__index = Promise
function Promise.new(init) local p = setmetatable({ state = "pending", waiting = {} }, Promise) local function settle(state) return function(v) if p.state ~= "pending" then return end p.state, p.value = state, v for _, w in ipairs(p.waiting) do after(0, w) end end end init(settle "done", settle "failed") return p end
function Promise:when(f) if self.state == "pending" then table.insert(self.waiting, f) else after(0, f) end end
function Promise:next(ok, fail) return Promise.new(function(resolve, reject) self:when(function() local h = self.state == "done" and ok or self.state == "failed" and fail if not h then if self.state == "done" then resolve(self.value) else reject(self.value) end return end local good, v = pcall(h, self.value) if not good then reject(v) elseif getmetatable(v) == Promise then v:when(function() if v.state == "done" then resolve(v.value) else reject(v.value) end end) else resolve(v) end end) end) end
local function await(p) local co = coroutine.running() p:when(function() assert(coroutine.resume(co)) end) coroutine.yield() if p.state == "failed" then error(p.value, 0) end return p.value end
local function async(f) return function(...) local args = table.pack(...) return Promise.new(function(resolve, reject) coroutine.wrap(function() local r = table.pack(pcall(f, table.unpack(args, 1, args.n))) if r[1] then resolve(r[2]) else reject(r[2]) end end)() end) end end
local function delay(dt, v) return Promise.new(function(resolve, reject) after(dt, function() if v == "fail" then reject("failed at " .. loop.time) else resolve(v) end end) end) end
local log = function(...) print("t=" .. loop.time, ...) end
delay(3, "three"):next(function(v) log(v) return delay(2, "five") end):next(function(v) log(v) error("thrown", 0) end):next(function() log "skipped" end):next(nil, function(err) log("caught " .. err) return "recovered" end):next(log)
async(function(name) log(name .. " starts") local a = await(delay(1, 10)) log(name, a) local b = await(delay(1, a * 2)) log(name, b) local ok, err = pcall(await, delay(1, "fail")) log(name, ok, err) return a + b end)("task"):next(function(v) log("task result", v) end)
local function all(ps) return Promise.new(function(resolve) local left, out = #ps, {} for i, p in ipairs(ps) do p:next(function(v) out[i] = v left = left - 1 if left == 0 then resolve(table.concat(out, ",")) end end) end end) end
all { delay(4, "a"), delay(1, "b"), delay(2, "c") }:next(function(v) log("all", v) end)
run() print("idle at", loop.time)
-- state machine from a table of transitions
local machine = { state = "idle", rules = { idle = { coin = "ready" }, ready = { push = "idle", coin = "ready", kick = "broken" }, broken = { fix = "idle" } }, log = {} } function machine:send(ev) local to = self.rules[self.state][ev] if not to then return nil, ("no %s in %s"):format(ev, self.state) end self.log[#self.log + 1] = self.state .. "-" .. ev .. ">" .. to self.state = to return to end for _, ev in ipairs { "push", "coin", "coin", "kick", "coin", "fix", "push" } do print(ev, machine:send(ev)) end print(table.concat(machine.log, " "))
-- topics with wildcards
local Bus = { subs = {} } function Bus:subscribe(p, f) table.insert(self.subs, { "^" .. p:gsub("%.", "%%."):gsub("%*", "[^.]+"):gsub("#", ".*") .. "$", f }) end function Bus:publish(t, m) local n = 0 for _, s in ipairs(self.subs) do if t:find(s[1]) then n = n + 1 s[2](t, m) end end return n end for _, p in ipairs { "a.b", "a.*", "#", "*.b", "a.#" } do Bus:subscribe(p, function(t, m) print(p, t, m) end) end print(Bus:publish("a.b", 1), Bus:publish("a.b.c", 2), Bus:publish("x", 3))
