-- The module `security`.

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
