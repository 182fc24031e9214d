-- N queens, sudoku-like backtracking, subset sums and knapsack.
local function queens(n, report)
  local cols, d1, d2, row, count = {}, {}, {}, {}, 0
  local function place(r)
    if r > n then
      count = count + 1
      if report then report(row) end
      return
    end
    for c = 1, n do
      if not (cols[c] or d1[r + c] or d2[r - c]) then
        cols[c], d1[r + c], d2[r - c] = true, true, true
        row[r] = c
        place(r + 1)
        cols[c], d1[r + c], d2[r - c] = nil, nil, nil
      end
    end
  end
  place(1)
  return count
end
for n = 1, 7 do print(n, queens(n)) end
local first
queens(8, function(row) first = first or table.concat(row, " ") end)
print(first)
queens(4, function(row)
  for r = 1, 4 do print(("."):rep(row[r] - 1) .. "Q" .. ("."):rep(4 - row[r])) end
  print()
end)
-- with bit masks
local function bitqueens(n)
  local all = (1 << n) - 1
  local function go(cols, l, r)
    if cols == all then return 1 end
    local free, c = all & ~(cols | l | r), 0
    while free ~= 0 do
      local bit = free & -free
      free = free ~ bit
      c = c + go(cols | bit, (l | bit) << 1, (r | bit) >> 1)
    end
    return c
  end
  return go(0, 0, 0)
end
for n = 4, 9 do print(n, bitqueens(n)) end
-- a 4x4 sudoku
local grid = { { 1, 0, 0, 4 }, { 0, 0, 1, 0 }, { 0, 1, 0, 0 }, { 4, 0, 0, 1 } }
local tries = 0
local function ok(r, c, v)
  for i = 1, 4 do if grid[r][i] == v or grid[i][c] == v then return false end end
  local br, bc = (r - 1) // 2 * 2, (c - 1) // 2 * 2
  for i = 1, 2 do for j = 1, 2 do if grid[br + i][bc + j] == v then return false end end end
  return true
end
local function solve()
  for r = 1, 4 do
    for c = 1, 4 do
      if grid[r][c] == 0 then
        for v = 1, 4 do
          if ok(r, c, v) then
            grid[r][c] = v
            tries = tries + 1
            if solve() then return true end
            grid[r][c] = 0
          end
        end
        return false
      end
    end
  end
  return true
end
print(solve(), tries)
for r = 1, 4 do print(table.concat(grid[r], " ")) end
-- subset sums by bits, knapsack by dynamic programming
local items, found = { 3, 34, 4, 12, 5, 2 }, {}
for mask = 0, (1 << #items) - 1 do
  local s, pick = 0, {}
  for i = 1, #items do if mask >> (i - 1) & 1 == 1 then s = s + items[i] pick[#pick + 1] = items[i] end end
  if s == 9 then found[#found + 1] = table.concat(pick, "+") end
end
print(table.concat(found, " "))
local function knapsack(ws, vs, cap)
  local best = {}
  for w = 0, cap do best[w] = 0 end
  for i = 1, #ws do for w = cap, ws[i], -1 do best[w] = math.max(best[w], best[w - ws[i]] + vs[i]) end end
  return best[cap]
end
print(knapsack({ 1, 3, 4, 5 }, { 1, 4, 5, 7 }, 7), knapsack({ 10, 20, 30 }, { 60, 100, 120 }, 50), knapsack({}, {}, 5))
-- longest common subsequence, edit distance, coin change
local function lcs(a, b)
  local m = setmetatable({}, { __index = function(t, i) local r = setmetatable({}, { __index = function() return 0 end }) t[i] = r return r end })
  for i = 1, #a do for j = 1, #b do m[i][j] = a:byte(i) == b:byte(j) and m[i - 1][j - 1] + 1 or math.max(m[i - 1][j], m[i][j - 1]) end end
  local out, i, j = {}, #a, #b
  while i > 0 and j > 0 do
    if a:byte(i) == b:byte(j) then table.insert(out, 1, a:sub(i, i)) i, j = i - 1, j - 1
    elseif m[i - 1][j] >= m[i][j - 1] then i = i - 1 else j = j - 1 end
  end
  return table.concat(out)
end
print(lcs("AGGTAB", "GXTXAYB"), lcs("abcdef", "acf"), lcs("", "x"))
local function edit(a, b)
  local prev = {}
  for j = 0, #b do prev[j] = j end
  for i = 1, #a do
    local cur = { [0] = i }
    for j = 1, #b do cur[j] = math.min(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (a:byte(i) == b:byte(j) and 0 or 1)) end
    prev = cur
  end
  return prev[#b]
end
print(edit("kitten", "sitting"), edit("", "abc"), edit("same", "same"), edit("flaw", "lawn"))
local ways = { [0] = 1 }
for _, coin in ipairs { 1, 5, 10, 25, 50 } do for v = coin, 100 do ways[v] = (ways[v] or 0) + (ways[v - coin] or 0) end end
print(ways[100], ways[10], ways[11])
