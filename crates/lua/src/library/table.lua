-- Tables with metamethods, and large ones, which are sorted and moved a part at a time.

-- `#t` as an integer.
function length_of(t)
  local size = #t
  if math_type(size) == "integer" then return size end
  local whole = math_tointeger(size)
  if whole == nil then fail("object length is not an integer") end
  return whole
end

function general_table_insert(t, ...)
  local count = select("#", ...)
  local size = length_of(t) + 1
  if count == 1 then
    t[size] = ...
    return
  elseif count ~= 2 then
    fail("wrong number of arguments to 'insert'")
  end
  local position, value = ...
  position = integer_of(position, 2)
  if math_ult(size - 1, position - 1) then bad_argument(2, "position out of bounds") end
  for i = size, position + 1, -1 do t[i] = t[i - 1] end
  t[position] = value
end

function general_table_remove(t, position)
  local size = length_of(t)
  if position == nil then
    position = size
  else
    position = integer_of(position, 2)
    if position ~= size and math_ult(size, position - 1) then
      bad_argument(1, "position out of bounds")
    end
  end
  local value = t[position]
  while position < size do
    t[position] = t[position + 1]
    position = position + 1
  end
  t[position] = nil
  return value
end

function general_table_concat(t, separator, first, last)
  local size = length_of(t)
  separator = separator == nil and "" or text_of(separator, 2)
  first = first == nil and 1 or integer_of(first, 3)
  last = last == nil and size or integer_of(last, 4)
  if first > last then return "" end
  local parts, count = {}, 0
  local joined, joins = {}, 0
  local i = first
  while true do
    local value = t[i]
    if type(value) ~= "string" and type(value) ~= "number" then
      fail("invalid value (" .. type(value) .. ") at index " .. i .. " in table for 'concat'")
    end
    count = count + 1
    parts[count] = value
    if count == 1024 then
      joins = joins + 1
      joined[joins] = table_concat(parts, separator, 1, count)
      count = 0
    end
    if i == last then break end
    i = i + 1
  end
  if count > 0 then
    joins = joins + 1
    joined[joins] = table_concat(parts, separator, 1, count)
  end
  if joins > 1024 then return general_table_concat(joined, separator, 1, joins) end
  return table_concat(joined, separator, 1, joins)
end

function general_table_unpack(t, first, last)
  first = first == nil and 1 or integer_of(first, 2)
  last = last == nil and length_of(t) or integer_of(last, 3)
  if first > last then return end
  if last - first >= 999999 or last - first < 0 then fail("too many results to unpack") end
  local list, count = {}, 0
  for i = first, last do
    count = count + 1
    list[count] = t[i]
  end
  return table_unpack(list, 1, count)
end

function general_table_move(from, first, last, to, target)
  if target == nil then target = from end
  if last >= first then
    if not (first > 0 or last < 0x7FFFFFFFFFFFFFFF + first) then
      bad_argument(3, "too many elements to move")
    end
    if to > 0x7FFFFFFFFFFFFFFF - (last - first + 1) + 1 then
      bad_argument(4, "destination wrap around")
    end
    if to > last or to <= first or target ~= from then
      for i = 0, last - first do target[to + i] = from[first + i] end
    else
      for i = last - first, 0, -1 do target[to + i] = from[first + i] end
    end
  end
  return target
end

function less(a, b) return a < b end

function general_table_sort(t, comparator)
  local size = length_of(t)
  if size > 1 then
    if size >= 2147483647 then bad_argument(1, "array too big") end
    if comparator ~= nil and type(comparator) ~= "function" then
      bad_argument(2, "function expected, got " .. typename(comparator))
    end
    sort_range(t, 1, size, comparator or less, comparator == nil)
  end
end

-- Quicksort with the median of three; the larger half by the loop, so the depth is logarithmic.
-- Parts of lists that are numbers or strings only are sorted at once when they are `plain`.
function sort_range(t, low, high, before, plain)
  while low < high do
    if plain and high - low < 16384 and sort_at_once(t, low, high) then return end
    local a, b = t[low], t[high]
    if before(b, a) then t[low], t[high] = b, a end
    if high - low == 1 then return end
    local middle = (low + high) // 2
    local pivot
    a, b = t[middle], t[low]
    if before(a, b) then
      t[middle], t[low] = b, a
    else
      b = t[high]
      if before(b, a) then t[middle], t[high] = b, a end
    end
    if high - low == 2 then return end
    pivot = t[middle]
    t[middle], t[high - 1] = t[high - 1], pivot
    local i, j = low, high - 1
    while true do
      i = i + 1
      local x = t[i]
      while before(x, pivot) do
        if i == high - 1 then fail("invalid order function for sorting") end
        i = i + 1
        x = t[i]
      end
      j = j - 1
      local y = t[j]
      while before(pivot, y) do
        if j < i then fail("invalid order function for sorting") end
        j = j - 1
        y = t[j]
      end
      if j < i then break end
      t[i], t[j] = y, x
    end
    t[high - 1], t[i] = t[i], t[high - 1]
    if i - low < high - i then
      sort_range(t, low, i - 1, before, plain)
      low = i + 1
    else
      sort_range(t, i + 1, high, before, plain)
      high = i - 1
    end
  end
end
