-- A traversal may assign to fields that are there, nil too: it comes to each of them once.
local function counted(t) local n = 0 for _ in next, t do n = n + 1 end return n end

-- What does not fit behind the items when it comes stays a field when it is assigned again.
local t = {}
for i = 1, 10 do t[i] = i end
for i = 20, 12, -1 do t[i] = i end
t[11] = 11
local n = 0
for k, v in pairs(t) do n = n + 1 t[k] = v + 1 end
print(n, t[1], t[11], t[20], #t)

local t = { n = 1, [3] = 3, [5] = 5, [2] = 2, x = 1, y = 2, z = 3, w = 4, q = 5 }
t[1] = 1
local n = 0
for k in pairs(t) do n = n + 1 t[k] = 0 end
print(n, counted(t))

local t = { 1, 2, 3, 4 }
t[6] = 6 t.k = 1 t.l = 1 t.m = 1 t[7] = 7 t[5] = 5
local seen, n = {}, 0
for k in pairs(t) do
  assert(not seen[k], k)
  seen[k], n = true, n + 1
  if k == 4 then t[5] = nil end
  if k == 'k' and t[6] then t[6] = 66 t[7] = 77 end
end
print(n == 9 or n == 10, t[5], t[6], t[7])

-- Tables of any shape.
local seed = 12345
local function random(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff return (seed >> 8) % n + 1 end
local function filled()
  local t = {}
  for i = 1, random(24) do
    local k = random(20)
    if random(4) == 1 then k = 's' .. random(6) end
    t[k] = i
  end
  if random(3) == 1 then for _ = 1, random(5) do t[random(20)] = nil end end
  return t
end
local wrong, left = 0, 0
for _ = 1, 200 do
  local t = filled()
  local there, met = counted(t), 0
  for k in next, t do
    met = met + 1
    t[k] = met
    if met > 100 then break end
  end
  if met ~= there then wrong = wrong + 1 end
  for k in pairs(t) do t[k] = nil end
  left = left + counted(t)
end
print(wrong, left)

-- A removed field keeps its key as long as a traversal may ask for it, and no longer.
local function kib() collectgarbage() collectgarbage() return collectgarbage("count") // 1024 end
local large, before = {}, kib()
for i = 1, 8 do
  local key = ("k"):rep(1 << 20) .. i
  large[key] = 1
  large[key] = nil
end
large.last = true
print(kib() - before, next(large))
local objects, seen, count = {}, setmetatable({}, { __mode = "k" }), 0
for i = 1, 100 do objects[{}] = i end
for key in pairs(objects) do
  objects[key] = nil
  seen[key] = true
  count = count + 1
  if count % 10 == 0 then collectgarbage() end
end
collectgarbage()
print(count, next(objects), next(seen))
local key = ("x"):rep(100)
local fields = { [key] = 1, after = 2 }
fields[key] = nil
collectgarbage()
print(next(fields, key) == "after" or next(fields, key) == nil, fields[key])
fields[key] = 3
print(fields[key], fields[("x"):rep(100)])

-- The key of a removed field is the name of a live one elsewhere, in a table that is met later.
local function made()
  local name = table.concat { "__mo", "de" }
  local first, meta = { [name] = 1 }, { [name] = "k" }
  first[name] = nil
  return first, { { { { setmetatable({}, meta) } } } }
end
local first, holder = made()
local function fill(weak) weak[{}] = true end
fill(holder[1][1][1][1])
local function clear(n, a, b, c, d, e, f, g, h) if n > 0 then clear(n - 1, a, b, c, d, e, f, g, h) end end
clear(20)
collectgarbage()
collectgarbage()
print(next(holder[1][1][1][1]), next(first))
