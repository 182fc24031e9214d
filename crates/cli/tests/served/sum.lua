return { main = function(...)
  local sum = 0
  for _, value in ipairs({...}) do sum = sum + value end
  return sum
end }
