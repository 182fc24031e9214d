-- The module `ctx`.

function ctx__get(name)
  if name == nil then return nil, error_make("Invalid", "name is missing") end
  return context_get(name)
end
function ctx__all() return context_all() end
