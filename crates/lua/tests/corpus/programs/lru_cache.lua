-- An LRU cache on a doubly linked list.
local LRU = {}
LRU.__index = LRU
function LRU.new(capacity)
  local head, tail = {}, {}
  head.next, tail.prev = tail, head
  return setmetatable({ capacity = capacity, size = 0, map = {}, head = head, tail = tail, hits = 0, misses = 0 }, LRU)
end
local function unlink(n) n.prev.next, n.next.prev = n.next, n.prev end
function LRU:push(n)
  local first = self.head.next
  n.prev, n.next = self.head, first
  self.head.next, first.prev = n, n
end
function LRU:get(k)
  local n = self.map[k]
  if not n then self.misses = self.misses + 1 return nil end
  self.hits = self.hits + 1
  unlink(n)
  self:push(n)
  return n.value
end
function LRU:set(k, v)
  local n = self.map[k]
  if n then
    n.value = v
    unlink(n)
    self:push(n)
    return
  end
  if self.size >= self.capacity then
    local old = self.tail.prev
    unlink(old)
    self.map[old.key] = nil
    self.size = self.size - 1
    if self.onevict then self.onevict(old.key, old.value) end
  end
  n = { key = k, value = v }
  self.map[k] = n
  self:push(n)
  self.size = self.size + 1
end
function LRU:delete(k)
  local n = self.map[k]
  if not n then return false end
  unlink(n)
  self.map[k] = nil
  self.size = self.size - 1
  return true
end
function LRU:iterate()
  local n = self.head
  return function()
    n = n.next
    if n ~= self.tail then return n.key, n.value end
  end
end
LRU.__len = function(c) return c.size end
LRU.__tostring = function(c)
  local t = {}
  for k, v in c:iterate() do t[#t + 1] = k .. "=" .. tostring(v) end
  return "[" .. table.concat(t, " ") .. "]"
end
local c = LRU.new(3)
c.onevict = function(k, v) print("evicted", k, v) end
c:set("a", 1) c:set("b", 2) c:set("c", 3)
print(c, #c)
print(c:get "a", c)
c:set("d", 4)
print(c, c:get "b", c.hits, c.misses)
c:set("c", 33)
print(c)
print(c:delete "a", c:delete "a", #c, c)
c:set("e", 5) c:set("f", 6) c:set("g", 7)
print(c)
for k, v in c:iterate() do print(k, v) end
-- as a memo for a slow function, with random access
local seed = 7
local function rnd(n) seed = (seed * 16807) % 2147483647 return seed % n + 1 end
local computed, memo = 0, LRU.new(20)
local function square(x)
  local v = memo:get(x)
  if v == nil then computed = computed + 1 v = x * x memo:set(x, v) end
  return v
end
local sum = 0
for i = 1, 2000 do sum = sum + square(rnd(i % 3 == 0 and 100 or 15)) end
print(sum, computed, memo.hits, memo.misses, #memo, memo.hits + memo.misses)
local big = LRU.new(1000)
for i = 1, 10000 do big:set("k" .. i % 1500, i) end
local n, total = 0, 0
for k, v in big:iterate() do n = n + 1 total = total + v end
print(n, total, big:get "k1499", big:get "k0")
print(pcall(LRU.get, nil, "x"))
