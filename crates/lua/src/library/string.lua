-- Functions of `string` that call functions or metamethods of the program.

function general_string_gmatch(text, pattern, from)
  local last = -1
  if from < 0 then from = #text + from + 1 end
  if from < 1 then from = 1 end
  from = from - 1
  local function take(next_from, end_of_match, ...)
    if next_from == nil then
      from = #text + 1
      return
    end
    from, last = next_from, end_of_match
    return ...
  end
  return function()
    return take(gmatch_step(text, pattern, from, last))
  end
end

function general_string_gsub(text, pattern, repl, limit)
  local is_table = type(repl) == "table"
  local anchored = string_sub(pattern, 1, 1) == "^"
  if limit == nil then limit = #text + 1 end
  local parts, count, used = {}, 0, 0
  local position, last = 1, -1
  local size = #text
  while count < limit and position <= size + 1 do
    local found = pack(find_match(text, pattern, position, is_table))
    local first, stop = found[1], found[2]
    if first == nil or (anchored and first ~= position) then break end
    if first > position then
      used = used + 1
      parts[used] = string_sub(text, position, first - 1)
    end
    if stop == last and stop < first then
      -- An empty match right after a match: the character stays.
      if first > size then position = first break end
      used = used + 1
      parts[used] = string_sub(text, first, first)
      position = first + 1
    else
      count = count + 1
      local whole = string_sub(text, first, stop)
      local value
      if is_table then
        local key = found[3]
        if found.n < 3 then key = whole end
        value = repl[key]
      elseif found.n < 3 then
        value = repl(whole)
      else
        value = repl(table_unpack(found, 3, found.n))
      end
      if not value then
        value = whole
      elseif type(value) ~= "string" and type(value) ~= "number" then
        fail("invalid replacement value (a " .. type(value) .. ")")
      end
      used = used + 1
      parts[used] = value
      position = stop + 1
      last = stop
    end
    if anchored then break end
  end
  if position <= size then
    used = used + 1
    parts[used] = string_sub(text, position)
  end
  return table_concat(parts, "", 1, used), count
end

-- `string.format` when an argument of %s has a metamethod for its text.
function general_string_format(format, ...)
  local args = pack(...)
  local number = 0
  for conversion in general_string_gmatch(format, "%%[-+ #0]*%d*%.?%d*(.)", 1) do
    if conversion ~= "%" then
      number = number + 1
      if conversion == "s" and number <= args.n then args[number] = tostring(args[number]) end
    end
  end
  return string_format(format, table_unpack(args, 1, args.n))
end
