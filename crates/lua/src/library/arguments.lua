-- Checks of arguments, for all the library.

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
