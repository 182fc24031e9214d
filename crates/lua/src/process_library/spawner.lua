-- `process.with_context`: what a child is given, collected before it is spawned.

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
