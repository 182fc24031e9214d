-- The base functions that call back into the program, and what a process begins and ends with.

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
