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
