-- The module `env`.

function env__get(name)
  if name == nil then return nil, error_make("Invalid", "name is missing") end
  if type(name) ~= "string" then bad_argument(1, "string expected, got " .. typename(name)) end
  if name == "" then return nil, error_make("Invalid", "name is empty") end
  return variable(name)
end

function env__all()
  local list, err = variables()
  if list == nil then return nil, err end
  local values = {}
  for i = 1, #list, 2 do values[list[i]] = list[i + 1] end
  return values
end
