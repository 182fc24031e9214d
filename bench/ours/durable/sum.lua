-- Asks each of some processes for its count, all at once; ends with the sum.
return { main = function(...)
  local inbox, sum = process.inbox(), 0
  for i = 1, select("#", ...) do process.send((select(i, ...)), "count", process.pid()) end
  for _ = 1, select("#", ...) do sum = sum + inbox:receive():payload() end
  return sum
end }
