-- A binary heap, Dijkstra, topological sort, union-find and flood fill.
local Heap = {}
Heap.__index = Heap
function Heap.new(less) return setmetatable({ n = 0, less = less or function(a, b) return a < b end }, Heap) end
function Heap:push(v)
  self.n = self.n + 1
  local i = self.n
  while i > 1 do
    local p = i // 2
    if not self.less(v, self[p]) then break end
    self[i] = self[p]
    i = p
  end
  self[i] = v
end
function Heap:pop()
  if self.n == 0 then return nil end
  local top, last = self[1], self[self.n]
  self[self.n] = nil
  self.n = self.n - 1
  if self.n > 0 then
    local i = 1
    while true do
      local c = 2 * i
      if c > self.n then break end
      if c < self.n and self.less(self[c + 1], self[c]) then c = c + 1 end
      if not self.less(self[c], last) then break end
      self[i] = self[c]
      i = c
    end
    self[i] = last
  end
  return top
end
Heap.__len = function(h) return h.n end
local h, out = Heap.new(), {}
for _, v in ipairs { 5, 3, 8, 1, 9, 2, 7, 1 } do h:push(v) end
print(#h)
while #h > 0 do out[#out + 1] = h:pop() end
print(table.concat(out, " "), h:pop())
local graph = {}
for a, b, w in ("A-B:4 A-C:2 B-C:1 B-D:5 C-D:8 C-E:10 D-E:2 D-F:6 E-F:3 G-H:1"):gmatch "(%u)-(%u):(%d+)" do
  graph[a], graph[b] = graph[a] or {}, graph[b] or {}
  graph[a][b], graph[b][a] = tonumber(w), tonumber(w)
end
local function dijkstra(src)
  local dist, prev, done = { [src] = 0 }, {}, {}
  local q = Heap.new(function(x, y) if x[1] ~= y[1] then return x[1] < y[1] end return x[2] < y[2] end)
  q:push { 0, src }
  while #q > 0 do
    local d, u = table.unpack(q:pop())
    if not done[u] then
      done[u] = true
      for v, w in pairs(graph[u]) do
        if not dist[v] or d + w < dist[v] then
          dist[v], prev[v] = d + w, u
          q:push { d + w, v }
        end
      end
    end
  end
  return dist, prev
end
local dist, prev = dijkstra "A"
for c = ("A"):byte(), ("H"):byte() do
  local node, path = string.char(c), {}
  local at = node
  while at do table.insert(path, 1, at) at = prev[at] end
  print(node, dist[node], dist[node] and table.concat(path, ">") or "unreachable")
end
local deps = { app = { "db", "web" }, web = { "net", "log" }, db = { "log" }, net = {}, log = { "os" }, os = {} }
local function toposort(deps)
  local order, state, names = {}, {}, {}
  for k in pairs(deps) do names[#names + 1] = k end
  table.sort(names)
  local function visit(n, from)
    if state[n] == "done" then return end
    if state[n] == "active" then error("cycle at " .. n .. " from " .. from, 0) end
    state[n] = "active"
    for _, d in ipairs(deps[n] or error("unknown " .. n, 0)) do visit(d, n) end
    state[n] = "done"
    order[#order + 1] = n
  end
  for _, n in ipairs(names) do visit(n, "top") end
  return table.concat(order, " ")
end
print(toposort(deps)) print(pcall(toposort, { a = { "b" }, b = { "c" }, c = { "a" } })) print(pcall(toposort, { a = { "x" } }))
local parent = {}
local function find(x) if parent[x] == nil then parent[x] = x end if parent[x] ~= x then parent[x] = find(parent[x]) end return parent[x] end
local function union(a, b) a, b = find(a), find(b) if a == b then return false end parent[a] = b return true end
local edges, total, used = {}, 0, {}
for a, t in pairs(graph) do for b, w in pairs(t) do if a < b then edges[#edges + 1] = { w, a, b } end end end
table.sort(edges, function(x, y) if x[1] ~= y[1] then return x[1] < y[1] end return x[2] .. x[3] < y[2] .. y[3] end)
for _, e in ipairs(edges) do if union(e[2], e[3]) then total = total + e[1] used[#used + 1] = e[2] .. e[3] end end
print(total, table.concat(used, " "), find "A" == find "F", find "A" == find "G")
local map = { "#########", "#S..#...#", "#.#.#.#.#", "#.#...#E#", "#########" }
local grid, start = {}, nil
for y, line in ipairs(map) do grid[y] = {} for x = 1, #line do grid[y][x] = line:sub(x, x) if grid[y][x] == "S" then start = { x, y, 0 } end end end
local queue, head, seen, answer = { start }, 1, { [start[2] * 100 + start[1]] = true }, nil
while head <= #queue do
  local x, y, d = table.unpack(queue[head])
  head = head + 1
  if grid[y][x] == "E" then answer = d break end
  for _, s in ipairs { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 } } do
    local nx, ny = x + s[1], y + s[2]
    if grid[ny][nx] ~= "#" and not seen[ny * 100 + nx] then seen[ny * 100 + nx] = true queue[#queue + 1] = { nx, ny, d + 1 } end
  end
end
print(answer, #queue)
