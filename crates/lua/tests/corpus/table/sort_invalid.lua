-- An order function that is no order. Which elements are compared, and so whether PUC complains,
-- depends on its quicksort (median of three, pivot kept at the end); these cases follow from it.
local function seq(n) local t = {} for i = 1, n do t[i] = i end return t end
for _, n in ipairs { 4, 5, 10, 50, 100 } do
  print(n, pcall(table.sort, seq(n), function() return true end))
end
for _, n in ipairs { 2, 3, 10, 100 } do
  local t = seq(n)
  print(n, pcall(table.sort, t, function() return false end))
  local sum = 0
  for i = 1, n do sum = sum + t[i] end
  print(sum)
end
local t = seq(100)
print(pcall(table.sort, t, function(a, b) return a <= b end))
