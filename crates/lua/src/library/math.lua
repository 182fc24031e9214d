-- `math.max` and `math.min` of whatever can be compared.
function general_math_max(best, ...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if best < value then best = value end
  end
  return best
end

function general_math_min(best, ...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if value < best then best = value end
  end
  return best
end
