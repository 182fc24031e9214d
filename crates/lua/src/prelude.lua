-- The part of the library that is written in Lua: whatever calls back into the program. Frames of Lua
-- code can wait and be preempted, so these functions may do so anywhere.
--
-- `function a__b` becomes `a.b` of the public library, `function class_a__b` a method of objects of
-- class a, `function general_a_b` takes over from the built-in `a.b` when metamethods or functions of
-- the program are in play (arguments have been checked); other functions are private. The built-in
-- functions are here under names of their own (`string_find`), which programs can't change. Globals here are the library's own and can't be changed by
-- programs; ERROR, CHANNEL and so on are the numbers of the classes of objects. Nothing here may keep state but in the process's heap.

-- base ---------------------------------------------------------------------------------------------

-- `tostring` of a value with a metatable.
function general_tostring(value)
  local method = metamethod(value, "__tostring")
  if method then
    local text = method(value)
    if type(text) == "number" then return tostring_raw(text) end
    if type(text) ~= "string" then
      if is_error(text) then return error_field(text, 2) end
      fail("'__tostring' must return a string")
    end
    return text
  end
  return tostring_raw(value)
end

-- `print` when an argument has a metatable.
function general_print(...)
  local count = select("#", ...)
  if count == 1 then
    local value = ...
    return write(tostring(value))
  end
  local parts = {...}
  for i = 1, count do parts[i] = tostring(parts[i]) end
  write(table_concat(parts, "\t", 1, count))
end

function general_pairs(t)
  local f, s, c = metamethod(t, "__pairs")(t)
  return f, s, c
end

function ipairs_step(t, i)
  i = i + 1
  local value = t[i]
  if value ~= nil then return i, value end
end

function general_load(reader, name, mode, ...)
  local pieces, count, bytes = {}, 0, 0
  -- What is too large (see CHUNK_BYTES_MAX) is not gathered to its end: it may have none.
  while bytes <= 1048576 do
    local ok, piece = pcall(reader)
    if not ok then return nil, piece end
    if piece == nil or piece == "" then break end
    if type(piece) == "number" then piece = tostring_raw(piece) end
    if type(piece) ~= "string" then return nil, position() .. "reader function must return a string" end
    count, bytes = count + 1, bytes + #piece
    pieces[count] = piece
  end
  if name == nil then name = "=(load)" end
  return load(table_concat(pieces), name, mode, ...)
end

function base__warn(...)
  local parts = pack(...)
  for i = 1, parts.n > 0 and parts.n or 1 do
    local part = parts[i]
    if type(part) ~= "string" and type(part) ~= "number" then
      bad_argument(i, "string expected, got " .. (i > parts.n and "no value" or typename(part)))
    end
  end
  local text = table_concat(parts)
  if #parts == 1 and string_sub(text, 1, 1) == "@" then
    local state = state_of("warn")
    if text == "@on" then state.on = true elseif text == "@off" then state.on = nil end
    return
  end
  warn_text(text)
end

function warn_text(text)
  if state_of("warn").on then log("warn", "Lua warning: " .. text) end
end

-- Calls the finalizers that are due. An error in one is a warning; one that yields is closed.
function finalize()
  repeat
    local co = coroutine_create(call_finalizers)
    finalizer_starts(co)
    coroutine_resume(co)
    local yielded = coroutine_status(co) == "suspended"
    if yielded then
      warn_finalizer("attempt to yield across a C-call boundary")
      coroutine_close(co)
    end
  until not yielded
  finalizer_starts(nil)
end

function call_finalizers()
  while true do
    local object = next_finalizable()
    if object == nil then return end
    local method = metamethod(object, "__gc")
    if method ~= nil then
      local ok, problem = pcall(method, object)
      if not ok then warn_finalizer(problem) end
    end
  end
end

function warn_finalizer(problem)
  if is_error(problem) then problem = error_field(problem, 2) end
  if type(problem) == "number" then problem = tostring_raw(problem) end
  if type(problem) ~= "string" then problem = "error object is not a string" end
  warn_text("error in __gc (" .. problem .. ")")
end

-- `collectgarbage` when finalizers are due.
function general_collectgarbage(result)
  finalize()
  return result
end

-- What ends a process whose objects have finalizers, with the results of the program's function.
function finalize_before_end(...)
  finalize()
  return ...
end

function base__require(name)
  if type(name) ~= "string" then
    bad_argument(1, "string expected, got " .. typename(name))
  end
  local loaded = state_of("loaded")
  local value = loaded[name]
  if value ~= nil then
    if value == loaded then error("loop in require of module '" .. name .. "'", 2) end
    return value
  end
  local kind, found = find_module(name)
  if kind == nil then error("module '" .. name .. "' not found", 2) end
  if kind == "library" then return found end
  loaded[name] = loaded
  local ok, result = pcall(found, name)
  if not ok then
    loaded[name] = nil
    error(result, 0)
  end
  if result == nil then result = true end
  loaded[name] = result
  return result
end

-- What a new process runs. The top level of the program has been executed when `loaded` is called.
function boot(chunk, method)
  local result = chunk()
  local run
  if type(result) == "function" and (method == nil) then
    run = result
  elseif type(result) == "table" then
    run = result[method or "main"]
    if run == nil then
      error("program has no function '" .. (method or "main") .. "' in the table it returns", 0)
    end
  elseif method ~= nil then
    error("program must return a table with the function '" .. method .. "', it returned "
      .. (result == nil and "nothing" or "a " .. typename(result)), 0)
  elseif result == nil then
    run = nothing
  else
    error("program must return a table, a function or nothing, it returned a " .. typename(result), 0)
  end
  loaded()
  return run(arguments())
end

function nothing() end

-- `a <= b` where only `__lt` is there.
function not_less(method, b, a) return not method(b, a) end

-- coroutines ---------------------------------------------------------------------------------------

function general_coroutine_close(co)
  local err, pending, failed = bury(co)
  for i = 1, #pending do
    local value = pending[i]
    local close = metamethod(value, "__close")
    local ok, raised = pcall(close, value, err)
    if not ok then failed, err = true, raised end
  end
  if failed then return false, err end
  return true
end

-- os -----------------------------------------------------------------------------------------------

-- A field of a date; `delta` is what C takes off from it.
function date_field(t, key, default, delta)
  local value = t[key]
  local number = value
  if math_type(value) ~= "integer" then
    if value ~= nil then number = math_tointeger(value) end
    if number == nil then
      if value ~= nil then fail("field '" .. key .. "' is not an integer") end
      if default == nil then fail("field '" .. key .. "' missing in date table") end
      return default
    end
  end
  local fits
  if number >= 0 then fits = number - delta <= 0x7FFFFFFF else fits = delta - 0x80000000 <= number end
  if not fits then fail("field '" .. key .. "' is out-of-bound") end
  return number
end

function set_date(t, year, month, day, hour, minute, second, of_year, of_week)
  -- One by one: a table's `__newindex` sees PUC's order.
  t.year = year
  t.month = month
  t.day = day
  t.hour = hour
  t.min = minute
  t.sec = second
  t.yday = of_year
  t.wday = of_week
  t.isdst = false
end

function os__time(t)
  if t == nil then return os_now() end
  if type(t) ~= "table" then bad_argument(1, "table expected, got " .. typename(t)) end
  local year, month = date_field(t, "year", nil, 1900), date_field(t, "month", nil, 1)
  local day, hour = date_field(t, "day", nil, 0), date_field(t, "hour", 12, 0)
  local minute, second = date_field(t, "min", 0, 0), date_field(t, "sec", 0, 0)
  -- There is no summer time: who says so means an hour before.
  if t.isdst then hour = hour - 1 end
  local seconds = os_seconds(year, month, day, hour, minute, second)
  if seconds ~= nil then set_date(t, os_calendar(seconds)) end
  if seconds == nil or seconds == -1 then
    fail("time result cannot be represented in this installation")
  end
  return seconds
end

-- `os.date("*t")`.
function general_os_date(seconds)
  local t = {}
  set_date(t, os_calendar(seconds))
  return t
end

-- strings ------------------------------------------------------------------------------------------

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

-- tables with metamethods, and large ones ----------------------------------------------------------

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

-- argument checks ----------------------------------------------------------------------------------

function typename(value)
  local name = metamethod(value, "__name")
  if type(name) == "string" then return name end
  return type(value)
end

function text_of(value, number)
  if type(value) == "string" then return value end
  if type(value) == "number" then return tostring_raw(value) end
  if is_error(value) then return error_field(value, 2) end
  bad_argument(number, "string expected, got " .. (value == nil and "no value" or typename(value)))
end

function integer_of(value, number)
  if math_type(value) == "integer" then return value end
  local whole = math_tointeger(value)
  if whole then return whole end
  if type(value) == "number" or (type(value) == "string" and tonumber(value)) then
    bad_argument(number, "number has no integer representation")
  end
  bad_argument(number, "number expected, got " .. (value == nil and "no value" or typename(value)))
end

-- errors -------------------------------------------------------------------------------------------

function errors__new(spec)
  if type(spec) == "table" then
    local details = spec.details
    local retryable = spec.retryable
    if retryable ~= nil then retryable = not not retryable end
    return error_make(spec.kind or "Unknown", tostring(spec.message or ""), retryable, details,
      traceback(nil, 0))
  end
  if type(spec) ~= "string" then
    bad_argument(1, "string or table expected, got " .. typename(spec))
  end
  return error_make("Unknown", spec, nil, nil, traceback(nil, 0))
end

function errors__wrap(err, context)
  if err == nil then return nil end
  context = text_of(context, 2)
  if is_error(err) then
    return error_make(err:kind(), context .. ": " .. err:message(), err:retryable(), err:details(),
      err:stack())
  end
  return error_make("Unknown", context .. ": " .. tostring(err), nil, nil, traceback(nil, 0))
end

function errors__is(err, kind)
  return is_error(err) and err:kind() == kind
end

function errors__call_stack(err)
  if is_error(err) then return err:stack() end
  return nil
end

function class_error__kind(self) return error_field(self, 1) end
function class_error__message(self) return error_field(self, 2) end
function class_error__retryable(self) return error_field(self, 3) end
function class_error__details(self) return error_field(self, 4) end
function class_error__stack(self) return error_field(self, 5) end
function class_error____tostring(self) return error_field(self, 2) end
function class_error____concat(a, b)
  if is_error(a) then a = a:message() end
  if is_error(b) then b = b:message() end
  return a .. b
end
function class_error____len(self) return #error_field(self, 2) end

-- channels of the process --------------------------------------------------------------------------

-- State of a channel: cap, closed, items (first, last), receivers and senders waiting (first, last).
function new_state(capacity)
  return {cap = capacity, closed = false, first = 1, last = 0, items = {},
    recv = {}, rfirst = 1, rlast = 0, send = {}, sfirst = 1, slast = 0}
end

function channel__new(capacity)
  if capacity == nil then capacity = 0 end
  capacity = integer_of(capacity, 1)
  if capacity < 0 then bad_argument(1, "capacity is negative") end
  return channel_new(new_state(capacity))
end

-- The next waiter that is still waiting; a waiter of a select may have been served elsewhere.
function next_receiver(state)
  while state.rfirst <= state.rlast do
    local waiter = state.recv[state.rfirst]
    state.recv[state.rfirst] = nil
    state.rfirst = state.rfirst + 1
    if not waiter.group.done then return waiter end
  end
end

function next_sender(state)
  while state.sfirst <= state.slast do
    local waiter = state.send[state.sfirst]
    state.send[state.sfirst] = nil
    state.sfirst = state.sfirst + 1
    if not waiter.group.done then return waiter end
  end
end

function settle(waiter, value, ok)
  local group = waiter.group
  group.done, group.waiter, group.value, group.ok = true, waiter, value, ok
  wake(group.task)
end

function add_receiver(state, waiter)
  state.rlast = state.rlast + 1
  state.recv[state.rlast] = waiter
  if state.rlast - state.rfirst > 64 then compact(state, "recv", "rfirst", "rlast") end
end

function add_sender(state, waiter)
  state.slast = state.slast + 1
  state.send[state.slast] = waiter
  if state.slast - state.sfirst > 64 then compact(state, "send", "sfirst", "slast") end
end

-- Drops waiters that were served elsewhere, when most of them were.
function compact(state, list, first, last)
  local kept, count = {}, 0
  local old = state[list]
  for i = state[first], state[last] do
    if not old[i].group.done then
      count = count + 1
      kept[count] = old[i]
    end
  end
  if count * 2 < state[last] - state[first] then
    state[list], state[first], state[last] = kept, 1, count
  end
end

-- Tries to send; true when it was done.
function try_send(state, value)
  local receiver = next_receiver(state)
  if receiver then
    settle(receiver, value, true)
    return true
  end
  if state.last - state.first + 1 < state.cap then
    state.last = state.last + 1
    state.items[state.last] = {value}
    return true
  end
  return false
end

-- Tries to receive; done, value, ok.
function try_receive(state)
  if state.first <= state.last then
    local value = state.items[state.first][1]
    state.items[state.first] = nil
    state.first = state.first + 1
    local sender = next_sender(state)
    if sender then
      state.last = state.last + 1
      state.items[state.last] = {sender.value}
      settle(sender, nil, true)
    end
    return true, value, true
  end
  local sender = next_sender(state)
  if sender then
    settle(sender, nil, true)
    return true, sender.value, true
  end
  if state.closed then return true, nil, false end
  return false
end

function local_state(ch)
  local state = channel_state(ch)
  if not state then error("cannot send to a channel that the mailbox feeds", 3) end
  return state
end

function class_channel__send(self, value)
  local state = local_state(self)
  if state.closed then error("send on closed channel", 2) end
  if try_send(state, value) then return true end
  local group = {task = task()}
  add_sender(state, {group = group, value = value})
  repeat park() until group.done
  if not group.ok then error("send on closed channel", 2) end
  return true
end

function channel_receive(self)
  local state = channel_state(self)
  local done, value, ok = try_receive(state)
  if done then return value, ok end
  local group = {task = task()}
  add_receiver(state, {group = group})
  repeat park() until group.done
  return group.value, group.ok
end

function class_channel__close(self)
  local state = channel_state(self)
  if not state then error("cannot close a channel that the mailbox feeds: use process.unlisten", 2) end
  if state.closed then return end
  state.closed = true
  local waiter = next_receiver(state)
  while waiter do
    settle(waiter, nil, false)
    waiter = next_receiver(state)
  end
  waiter = next_sender(state)
  while waiter do
    settle(waiter, nil, false)
    waiter = next_sender(state)
  end
end

function class_channel__case_receive(self)
  is_mailbox(self)
  return object(CASE, self, "receive")
end

function class_channel__case_send(self, value)
  local_state(self)
  return object(CASE, self, "send", value)
end

-- Tries a case: done, result.
function try_case(ch, direction, value)
  if direction == "send" then
    local state = channel_state(ch)
    if state.closed then error("send on closed channel", 3) end
    if try_send(state, value) then return true, {channel = ch, ok = true} end
    return false
  end
  if is_mailbox(ch) then
    local ready, received = poll(ch)
    if ready then return true, {channel = ch, value = received, ok = true} end
    return false
  end
  local done, received, ok = try_receive(channel_state(ch))
  if done then return true, {channel = ch, value = received, ok = ok} end
  return false
end

function channel__select(cases)
  if type(cases) ~= "table" then
    bad_argument(1, "table expected, got " .. typename(cases))
  end
  local list, count = {}, 0
  for i = 1, #cases do
    local case = cases[i]
    if object_class(case) == CASE then
      count = count + 1
      list[count] = case
    end
  end
  while true do
    look()
    for i = 1, count do
      local case = list[i]
      local done, result =
        try_case(object_get(case, CASE, 1), object_get(case, CASE, 2), object_get(case, CASE, 3))
      if done then return result end
    end
    if cases.default then return {default = true, ok = true} end
    local group = {task = task()}
    local outside = false
    for i = 1, count do
      local case = list[i]
      local ch = object_get(case, CASE, 1)
      if is_mailbox(ch) then
        outside = true
      elseif object_get(case, CASE, 2) == "send" then
        add_sender(channel_state(ch), {group = group, value = object_get(case, CASE, 3), channel = ch})
      else
        add_receiver(channel_state(ch), {group = group, channel = ch, receives = true})
      end
    end
    park(outside)
    if group.done then
      local waiter = group.waiter
      if waiter.receives then
        return {channel = waiter.channel, value = group.value, ok = group.ok}
      end
      if not group.ok then error("send on closed channel", 2) end
      return {channel = waiter.channel, ok = true}
    end
    -- Something came from outside: look again, and forget this round's waiters.
    group.done = true
  end
end

-- process ------------------------------------------------------------------------------------------

function process__set_options(options)
  if options == nil then return false, error_make("Invalid", "options are missing") end
  if type(options) ~= "table" then
    bad_argument(1, "table expected, got " .. typename(options))
  end
  for key, value in next, options do
    if key ~= "trap_links" then
      return false, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is trap_links")
    end
    if type(value) ~= "boolean" then
      return false, error_make("Invalid", "option trap_links must be a boolean, got " .. typename(value))
    end
  end
  if options.trap_links ~= nil then set_trap_links(options.trap_links) end
  return true
end

function process__listen(topic, options)
  if topic == nil then return nil, error_make("Invalid", "topic is missing") end
  topic = text_of(topic, 1)
  local messages = false
  if options ~= nil then
    if type(options) ~= "table" then
      bad_argument(2, "table expected, got " .. typename(options))
    end
    for key, value in next, options do
      if key ~= "message" then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is message")
      end
      if type(value) ~= "boolean" then
        return nil, error_make("Invalid", "option message must be a boolean, got " .. typename(value))
      end
    end
    messages = options.message == true
  end
  local channels = state_of("topics")
  local known = channels[topic]
  if known then return known end
  local ch, err = listen(topic, messages)
  if ch == nil then return nil, err end
  channels[topic] = ch
  return ch
end

function process__unlisten(ch)
  if object_class(ch) ~= CHANNEL then
    if ch == nil then return nil, error_make("Invalid", "channel is missing") end
    bad_argument(1, "channel expected, got " .. typename(ch))
  end
  local channels = state_of("topics")
  for topic, known in next, channels do
    if known == ch then
      channels[topic] = nil
      local state = new_state(0)
      state.closed = true
      unlisten(ch, state)
      return true
    end
  end
  return nil, error_make("Invalid", "channel does not listen to a topic")
end

function base__subscribe(topic, ch)
  if topic == nil then return nil, error_make("Invalid", "topic is missing") end
  if ch == nil then return nil, error_make("Invalid", "channel is missing") end
  if object_class(ch) ~= CHANNEL or is_mailbox(ch) then
    bad_argument(2, "channel of channel.new expected, got " .. typename(ch))
  end
  local source, err = process.listen(topic)
  if source == nil then return nil, err end
  state_of("fed")[ch] = source
  coroutine.spawn(feed, source, ch)
  return true
end

function feed(source, ch)
  while true do
    local value, ok = source:receive()
    if not ok or state_of("fed")[ch] ~= source or channel_state(ch).closed then return end
    ch:send(value)
  end
end

function base__unsubscribe(ch)
  if ch == nil then return nil, error_make("Invalid", "channel is missing") end
  local fed = state_of("fed")
  local source = fed[ch]
  if source == nil then return nil, error_make("Invalid", "channel is not subscribed") end
  fed[ch] = nil
  process.unlisten(source)
  return true
end

function process__call(...)
  local id, err = call_start(...)
  if id == nil then return nil, err end
  return await(id)
end

function process__exec(...)
  local id, err = call_start(...)
  if id == nil then return nil, err end
  return await(id)
end

-- Names and values in turn become fields; where a value is such a list again, it is named.
function fields_of(list)
  local fields = {}
  for i = 1, #list, 2 do fields[list[i]] = list[i + 1] end
  return fields
end

function process__info(...)
  local id, err = info_start(...)
  if id == nil then return nil, err end
  local list, failure = await(id)
  if list == nil then return nil, failure end
  local info = fields_of(list)
  info.limits = fields_of(info.limits)
  return info
end

function must(action, resource)
  local ok, err = check(action, resource)
  if not ok then error(err, 3) end
end

function process__with_context(values)
  must("process.context", "context")
  return object(SPAWNER, checked_values({}, values, "with_context"), nil, nil, nil, {})
end

function checked_values(old, values, name)
  if type(values) ~= "table" then
    bad_argument(1, "table expected, got " .. typename(values))
  end
  local merged = {}
  for key, value in next, old do merged[key] = value end
  for key, value in next, values do
    if type(key) ~= "string" then
      bad_argument(1, "names must be strings, got " .. typename(key))
    end
    local fault = unsendable(value, "context." .. key)
    if fault then error(error_make("Invalid", fault), 3) end
    merged[key] = value
  end
  return merged
end

function spawner_parts(self)
  return object_get(self, SPAWNER, 1), object_get(self, SPAWNER, 2), object_get(self, SPAWNER, 3),
    object_get(self, SPAWNER, 4), object_get(self, SPAWNER, 5)
end

function class_spawner__with_context(self, values)
  local old, actor, scope, name, messages = spawner_parts(self)
  must("process.context", "context")
  return object(SPAWNER, checked_values(old, values, "with_context"), actor, scope, name, messages)
end

function class_spawner__with_actor(self, actor)
  local values, _, scope, name, messages = spawner_parts(self)
  must("process.security", "security")
  if object_class(actor) ~= ACTOR then
    bad_argument(1, "actor expected, got " .. typename(actor))
  end
  return object(SPAWNER, values, actor, scope, name, messages)
end

function class_spawner__with_scope(self, scope)
  local values, actor, _, name, messages = spawner_parts(self)
  must("process.security", "security")
  if object_class(scope) ~= SCOPE then
    bad_argument(1, "scope expected, got " .. typename(scope))
  end
  return object(SPAWNER, values, actor, scope, name, messages)
end

function class_spawner__with_name(self, name)
  local values, actor, scope, _, messages = spawner_parts(self)
  if type(name) ~= "string" or name == "" then
    bad_argument(1, "name expected, got " .. (name == "" and "an empty string" or typename(name)))
  end
  return object(SPAWNER, values, actor, scope, name, messages)
end

function class_spawner__with_message(self, topic, ...)
  local values, actor, scope, name, messages = spawner_parts(self)
  if type(topic) ~= "string" or topic == "" or string_sub(topic, 1, 1) == "@" then
    bad_argument(1, "topic expected, got " .. (type(topic) == "string" and '"' .. topic .. '"' or typename(topic)))
  end
  for i = 1, select("#", ...) do
    local fault = unsendable((select(i, ...)), "payload[" .. i .. "]")
    if fault then error(error_make("Invalid", fault), 2) end
  end
  local more = {}
  for i = 1, #messages do more[i] = messages[i] end
  local message = pack(topic, ...)
  more[#more + 1] = message
  return object(SPAWNER, values, actor, scope, name, more)
end

function spawn_from(self, monitored, linked, ...)
  local values, actor, scope, name, messages = spawner_parts(self)
  return spawn_with(monitored, linked, values, actor, scope, name, messages, ...)
end

function class_spawner__spawn(self, ...) return spawn_from(self, false, false, ...) end
function class_spawner__spawn_monitored(self, ...) return spawn_from(self, true, false, ...) end
function class_spawner__spawn_linked(self, ...) return spawn_from(self, false, true, ...) end
function class_spawner__spawn_linked_monitored(self, ...) return spawn_from(self, true, true, ...) end

function payload__new(value) return object(PAYLOAD, value) end
function class_payload__data(self) return object_get(self, PAYLOAD, 1) end
function class_payload__get_format(self) return "lua/any" end

-- modules ------------------------------------------------------------------------------------------

function time__now() return now() end

function time__sleep(d)
  local nanoseconds, err = duration(d)
  if nanoseconds == nil then return nil, err end
  local id
  id, err = sleep_start(nanoseconds)
  if id == nil then return nil, err end
  await(id)
  return true
end

function time__after(d)
  local nanoseconds, err = duration(d)
  if nanoseconds == nil then return nil, err end
  local ch = channel.new(1)
  coroutine.spawn(tick_once, nanoseconds, ch)
  return ch
end

function tick_once(nanoseconds, ch)
  local id = sleep_start(nanoseconds)
  if id then
    await(id)
    ch:send(now())
  end
end

function new_timer(d, period)
  local nanoseconds, err = duration(d)
  if nanoseconds == nil then return nil, err end
  if period and nanoseconds == 0 then return nil, error_make("Invalid", "period is zero") end
  local state = {channel = channel.new(1), generation = 0, period = period and nanoseconds or nil}
  local timer = object(TIMER, state)
  start_timer(state, nanoseconds)
  return timer
end

function time__timer(d) return new_timer(d, false) end
function time__ticker(d) return new_timer(d, true) end

function start_timer(state, nanoseconds)
  state.generation = state.generation + 1
  state.active = true
  coroutine.spawn(run_timer, state, state.generation, nanoseconds)
end

function run_timer(state, generation, nanoseconds)
  repeat
    local id = sleep_start(nanoseconds)
    if id == nil then return end
    state.call = id
    await(id)
    if state.generation ~= generation or not state.active then return end
    if not state.period then state.active = false end
    -- A tick that nobody has taken yet is not doubled.
    local inner = channel_state(state.channel)
    if inner.first > inner.last then try_send(inner, now()) end
    nanoseconds = state.period
  until not state.period
end

function class_timer__channel(self) return object_get(self, TIMER, 1).channel end

function class_timer__stop(self)
  local state = object_get(self, TIMER, 1)
  local was = state.active == true
  state.active = false
  state.generation = state.generation + 1
  if was and state.call then abandon(state.call) end
  return was
end

function class_timer__reset(self, d)
  local state = object_get(self, TIMER, 1)
  local nanoseconds, err = duration(d, 2)
  if nanoseconds == nil then return nil, err end
  local was = self:stop()
  if state.period then state.period = nanoseconds end
  start_timer(state, nanoseconds)
  return was
end

function time__parse_duration(text)
  if text == nil then return nil, error_make("Invalid", "duration is missing") end
  if type(text) ~= "string" then
    bad_argument(1, "string expected, got " .. typename(text))
  end
  return duration(text)
end

function time__format(t) return time_format(t) end
function time__parse(text) return time_parse(text) end

function run_fs(operation, path, data)
  if path == nil then return nil, error_make("Invalid", "path is missing") end
  local id, err = fs_start(operation, path, data)
  if id == nil then return nil, err end
  return await(id)
end

function fs__read(path) return run_fs("read", path) end
function fs__list(path) return run_fs("list", path) end
function fs__stat(path) return run_fs("stat", path) end
function fs__mkdir(path) return run_fs("mkdir", path) end
function fs__remove(path) return run_fs("remove", path) end
function fs__grants() return run_fs("list", "") end
function fs__write(path, data)
  if data == nil then return nil, error_make("Invalid", "data is missing") end
  return run_fs("write", path, data)
end
function fs__append(path, data)
  if data == nil then return nil, error_make("Invalid", "data is missing") end
  return run_fs("append", path, data)
end

function ctx__get(name)
  if name == nil then return nil, error_make("Invalid", "name is missing") end
  return context_get(name)
end
function ctx__all() return context_all() end

function log_fields(base, fields)
  local texts = {}
  for key, value in next, base do texts[key] = value end
  if fields ~= nil then
    if type(fields) ~= "table" then
      bad_argument(2, "table expected, got " .. typename(fields))
    end
    for key, value in next, fields do texts[tostring(key)] = tostring(value) end
  end
  return texts
end

function logger__debug(message, fields)
  log("debug", text_of(message, 1), log_fields({}, fields))
end
function logger__info(message, fields)
  log("info", text_of(message, 1), log_fields({}, fields))
end
function logger__warn(message, fields)
  log("warn", text_of(message, 1), log_fields({}, fields))
end
function logger__error(message, fields)
  log("error", text_of(message, 1), log_fields({}, fields))
end
function logger__with(fields) return object(LOGGER, log_fields({}, fields)) end

function class_logger__debug(self, message, fields)
  log("debug", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__info(self, message, fields)
  log("info", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__warn(self, message, fields)
  log("warn", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__error(self, message, fields)
  log("error", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__with(self, fields)
  return object(LOGGER, log_fields(object_get(self, LOGGER, 1), fields))
end

function security__actor() return actor() end
function security__scope() return scope() end
function security__can(action, resource, meta)
  return can(text_of(action, 1), text_of(resource, 2), meta)
end
function security__new_actor(id, meta)
  if type(id) ~= "string" or id == "" then
    bad_argument(1, "id expected, got " .. typename(id))
  end
  if meta ~= nil and type(meta) ~= "table" then
    bad_argument(2, "table expected, got " .. typename(meta))
  end
  local copy = {}
  for key, value in next, meta or {} do copy[key] = value end
  return object(ACTOR, id, copy)
end
function security__new_scope(policies)
  local list = {}
  for i = 1, #(policies or {}) do
    if type(policies[i]) ~= "string" then
      bad_argument(1, "policy ids expected, got " .. typename(policies[i]))
    end
    list[i] = policies[i]
  end
  return object(SCOPE, list)
end
function class_actor__id(self) return object_get(self, ACTOR, 1) end
function class_actor__meta(self)
  local copy = {}
  for key, value in next, object_get(self, ACTOR, 2) do copy[key] = value end
  return copy
end
function class_scope__policies(self)
  local copy = {}
  for i, id in ipairs(object_get(self, SCOPE, 1)) do copy[i] = id end
  return copy
end

function json__encode(value)
  local text, err = json_encode(value)
  if text == nil then return nil, error_make("Invalid", err) end
  return text
end
function json__decode(text)
  if text == nil then return nil, error_make("Invalid", "text is missing") end
  text = text_of(text, 1)
  local ok, value = json_decode(text)
  if not ok then return nil, error_make("Invalid", value) end
  return value
end

