-- Matrices with operators: product, determinant, inverse, power, elimination.
local M = {}
M.__index = M
local function new(rows) return setmetatable(rows, M) end
function M.identity(n) local r = {} for i = 1, n do r[i] = {} for j = 1, n do r[i][j] = i == j and 1 or 0 end end return new(r) end
function M:map(f) local r = {} for i, row in ipairs(self) do r[i] = {} for j, v in ipairs(row) do r[i][j] = f(v, i, j) end end return new(r) end
M.__add = function(a, b) return a:map(function(v, i, j) return v + b[i][j] end) end
M.__sub = function(a, b) return a:map(function(v, i, j) return v - b[i][j] end) end
M.__unm = function(a) return a:map(function(v) return -v end) end
M.__mul = function(a, b)
  if type(a) == "number" then a, b = b, a end
  if type(b) == "number" then return a:map(function(v) return v * b end) end
  if #a[1] ~= #b then error(("cannot multiply %dx%d by %dx%d"):format(#a, #a[1], #b, #b[1]), 2) end
  local r = {}
  for i = 1, #a do
    r[i] = {}
    for j = 1, #b[1] do
      local s = 0
      for k = 1, #b do s = s + a[i][k] * b[k][j] end
      r[i][j] = s
    end
  end
  return new(r)
end
M.__pow = function(a, n)
  if n < 0 then return a:inverse() ^ -n end
  local r = M.identity(#a)
  while n > 0 do
    if n & 1 == 1 then r = r * a end
    a = a * a
    n = n >> 1
  end
  return r
end
M.__eq = function(a, b)
  if #a ~= #b or #a[1] ~= #b[1] then return false end
  for i = 1, #a do for j = 1, #a[1] do if a[i][j] ~= b[i][j] then return false end end end
  return true
end
M.__tostring = function(a)
  local out = {}
  for i, row in ipairs(a) do local r = {} for j, v in ipairs(row) do r[j] = ("%g"):format(v) end out[i] = table.concat(r, " ") end
  return "[" .. table.concat(out, "; ") .. "]"
end
M.__call = function(a, i, j) return a[i][j] end
function M:transpose() local r = {} for j = 1, #self[1] do r[j] = {} for i = 1, #self do r[j][i] = self[i][j] end end return new(r) end
function M:minor(i, j) local r = {} for x = 1, #self do if x ~= i then local row = {} for y = 1, #self do if y ~= j then row[#row + 1] = self[x][y] end end r[#r + 1] = row end end return new(r) end
function M:det()
  if #self == 1 then return self[1][1] end
  local d = 0
  for j = 1, #self do d = d + (j % 2 == 1 and 1 or -1) * self[1][j] * self:minor(1, j):det() end
  return d
end
function M:inverse()
  local n = #self
  local a, inv = self:map(function(v) return v + 0.0 end), M.identity(n):map(function(v) return v + 0.0 end)
  for c = 1, n do
    local p = c
    for r = c + 1, n do if math.abs(a[r][c]) > math.abs(a[p][c]) then p = r end end
    if a[p][c] == 0 then error("singular matrix", 2) end
    a[c], a[p], inv[c], inv[p] = a[p], a[c], inv[p], inv[c]
    local d = a[c][c]
    for j = 1, n do a[c][j] = a[c][j] / d inv[c][j] = inv[c][j] / d end
    for r = 1, n do
      if r ~= c then
        local f = a[r][c]
        for j = 1, n do a[r][j] = a[r][j] - f * a[c][j] inv[r][j] = inv[r][j] - f * inv[c][j] end
      end
    end
  end
  return inv
end
local a, b = new { { 1, 2 }, { 3, 4 } }, new { { 0, 1 }, { 1, 0 } }
print(a, b, a + b, a - b, -a, a * b, b * a, a * 2, 2 * a, 0.5 * a)
print(a:transpose(), a:det(), a:inverse(), a * a:inverse(), a(2, 1), a == new { { 1, 2 }, { 3, 4 } }, a ~= b, a == new { { 1 } })
print(new { { 1, 1 }, { 1, 0 } } ^ 10, (new { { 1, 1 }, { 1, 0 } } ^ 90)(1, 2), a ^ 0, a ^ -1, a ^ 3 == a * a * a)
print(new { { 2, 0, 1 }, { 1, 3, 2 }, { 1, 1, 4 } }:det(), new { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } }:det(), M.identity(4):det())
print(new { { 1, 2, 3 } } * new { { 4 }, { 5 }, { 6 } }, new { { 4 }, { 5 } } * new { { 1, 2 } })
print(pcall(function() return new { { 1, 2 } } * new { { 1, 2 } } end))
print(pcall(function() return new { { 1, 2 }, { 2, 4 } }:inverse() end))
print(pcall(function() return a + 1 end))
local function hilbert(n) local r = {} for i = 1, n do r[i] = {} for j = 1, n do r[i][j] = 1 / (i + j - 1) end end return new(r) end
local err = 0
for i, row in ipairs(hilbert(4) * hilbert(4):inverse()) do for j, v in ipairs(row) do err = math.max(err, math.abs(v - (i == j and 1 or 0))) end end
print(err < 1e-9)
local function life(g) return g:map(function(v, i, j) local n = -v for x = -1, 1 do for y = -1, 1 do n = n + g[(i + x - 1) % #g + 1][(j + y - 1) % #g[1] + 1] end end return (n == 3 or v == 1 and n == 2) and 1 or 0 end) end
local glider = new { { 0, 1, 0, 0, 0, 0 }, { 0, 0, 1, 0, 0, 0 }, { 1, 1, 1, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0 } }
for i = 1, 4 do glider = life(glider) print(i, glider) end
