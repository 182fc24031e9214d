-- What coroutines keep alive: what their frames can still use, and nothing that lies above them.
local weak = setmetatable({}, { __mode = 'v' })
local function collect() collectgarbage() collectgarbage() end
local function note(name, object) weak[name] = object return object end
local function show(what, ...)
  collect()
  local kept = {}
  for i, name in ipairs { ... } do kept[i] = name .. ' ' .. (weak[name] and 'lives' or 'is gone') end
  print(what, table.concat(kept, ', '))
end

-- One that has returned keeps nothing.
local co = coroutine.create(function() local x = {} note('local', x) return end)
coroutine.resume(co)
show('ended', 'local')

-- One that has died keeps its frames until it is closed.
co = coroutine.create(function() local x = note('local', {}) error('over') return x end)
coroutine.resume(co)
print(coroutine.close(co))
show('closed after an error', 'local')

-- One that was closed while it waited.
co = coroutine.create(function() local x <close> = setmetatable(note('marked', {}), { __close = function() end })
  local y = note('local', {}) coroutine.yield() return x, y end)
coroutine.resume(co)
show('waiting', 'marked', 'local')
print(coroutine.close(co))
show('closed', 'marked', 'local')

-- A wrapped one that an error has left.
local inner
local wrapped = coroutine.wrap(function() inner = coroutine.running() local x = note('local', {}) error('out') return x end)
print(pcall(wrapped))
show('wrapped', 'local')
print(coroutine.status(inner), coroutine.close(inner))

-- What a function used that has returned lies above the frame of who waits now.
local function work(depth)
  local a, b, c = 1, 2, 3
  local used = note('used', {})
  if depth > 0 then return 1 + work(depth - 1) end
  return a + b + c
end
co = coroutine.create(function(argument) local own = note('own', {}) work(5)
  local got = coroutine.yield(note('yielded', {})) work(200) coroutine.yield(got) return own, argument end)
coroutine.resume(co, note('argument', {}))
show('suspended', 'used', 'own', 'yielded', 'argument')
coroutine.resume(co, note('got', {}))
show('suspended again', 'used', 'own', 'got')
coroutine.resume(co)
show('ended', 'own', 'got', 'argument')

-- A block's variables are gone when it waits after the block.
co = coroutine.create(function() do local inside = note('inside', {}) work(1) end coroutine.yield() end)
coroutine.resume(co)
show('after the block', 'inside')

-- One that has resumed another one keeps what is below that call.
co = coroutine.create(function()
  local own = note('own', {})
  work(3)
  coroutine.wrap(function() work(3) show('from within', 'own', 'used') end)()
  return own
end)
coroutine.resume(co)

-- Whatever waits where: varargs, metamethods, iterators, `pcall`, sorting, `__close`.
local function waits(what, ...)
  co = coroutine.create(what)
  print(coroutine.resume(co, ...))
  work(20)
  collect()
  for round = 1, 3 do
    local done = { coroutine.resume(co, round, 'more', nil) }
    print(round, table.unpack(done))
    collect()
  end
end
waits(function(...) local a = coroutine.yield(...) return select('#', ...), a, ... end, 1, {} and 2, nil)
waits(function()
  local t = setmetatable({}, { __index = function(_, key) work(9) return coroutine.yield(key) .. key end,
    __concat = function(a, b) work(9) return coroutine.yield('concat') end })
  return 'a' .. t.key, 1 .. t .. 2 end)
waits(function() local sum = 0 for a, b in coroutine.yield, 'state' do work(9) sum = sum + a if b == nil then break end end return sum end)
waits(function() return pcall(function(...) work(9) local x = coroutine.yield(...) error({ x } and 'it ' .. x) end, 1, 2) end)
waits(function() return pcall(pcall, coroutine.yield, 1, 2, 3) end)
waits(function() return select(2, 'a', coroutine.yield('b')), (coroutine.yield('c')) end)
waits(function() local t = { 1, 2, coroutine.yield(3) } work(9) return #t, table.unpack(t) end)
waits(function()
  local function closing(name) return setmetatable({}, { __close = function() work(9) print(name, coroutine.yield(name)) end }) end
  local function values() local x <close> = closing('x') local y <close> = closing('y') return 'three', 'values', work(3) end
  return values()
end)
waits(function()
  local x <close> = setmetatable({}, { __close = function(_, e) work(9) print(e, coroutine.yield('closing')) end })
  error('gone', 0)
end)
waits(function() return xpcall(function() error('in', 0) end, function(e) work(9) return e .. 'handled' end) end)

-- Finalizers of what lay above run.
local finalized = 0
local function make() for _ = 1, 5 do setmetatable({}, { __gc = function() finalized = finalized + 1 end }) end return 1 end
local many = {}
for i = 1, 10 do many[i] = coroutine.wrap(function() while true do make() coroutine.yield() end end) many[i]() end
collect()
print('finalized', finalized)

-- Memory: what deep recursion took is given back, however the coroutine goes on.
local function deep(n) if n > 0 then return 1 + deep(n - 1) end return coroutine.yield() or 0 end
co = coroutine.wrap(function() coroutine.yield(deep(20000)) return deep(30000) end)
co()
local before = collectgarbage('count')
print(co(1))
collect()
print('given back', before - collectgarbage('count') > 300)
co()
print(co(2))
for i = 1, 50 do
  many[i] = coroutine.wrap(function() while true do local a = ('x'):rep(50000) local b = a:upper() coroutine.yield(#b) end end)
  many[i]()
end
local function idle() while true do local function helper() local a = ('x'):rep(100000) local b = a:upper() return #b end helper() coroutine.yield() end end
collect()
before = collectgarbage('count')
for i = 1, 50 do many[i] = coroutine.wrap(idle) many[i]() end
collect()
print('idle ones are small', collectgarbage('count') - before < 100)
