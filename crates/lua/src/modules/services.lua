
-- env, metrics, store: what the node's services know -----------------------------------------------

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

function new_metric(kind, name, options)
  if name == nil then return nil, error_make("Invalid", "name is missing") end
  if type(name) ~= "string" then bad_argument(1, "string expected, got " .. typename(name)) end
  local help, buckets
  if options ~= nil then
    if type(options) ~= "table" then bad_argument(2, "table expected, got " .. typename(options)) end
    for key in next, options do
      if key ~= "help" and not (key == "buckets" and kind == "histogram") then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is help"
          .. (kind == "histogram" and " and buckets" or ""))
      end
    end
    help, buckets = options.help, options.buckets
    if help ~= nil and type(help) ~= "string" then
      return nil, error_make("Invalid", "help must be a string, got " .. typename(help))
    end
    if buckets ~= nil and type(buckets) ~= "table" then
      return nil, error_make("Invalid", "buckets must be a table, got " .. typename(buckets))
    end
  end
  local ok, err = metric_define(name, kind, help, buckets)
  if not ok then return nil, err end
  return object(METRIC, name, kind)
end

function metrics__counter(name, options) return new_metric("counter", name, options) end
function metrics__gauge(name, options) return new_metric("gauge", name, options) end
function metrics__histogram(name, options) return new_metric("histogram", name, options) end
function metrics__text() return metric_text() end

-- Labels as texts; or nil and an error. Nil when there are none.
function labels_of(labels, number)
  if labels == nil then return nil end
  if type(labels) ~= "table" then bad_argument(number, "table expected, got " .. typename(labels)) end
  local texts = {}
  for name, value in next, labels do
    if type(name) ~= "string" then bad_argument(number, "names must be strings, got " .. typename(name)) end
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      return nil, error_make("Invalid", "value of label \"" .. name
        .. "\" must be a string, a number or a boolean, got " .. typename(value))
    end
    texts[name] = tostring(value)
  end
  return texts
end

function record_metric(self, operation, value, labels)
  local name, kind = object_get(self, METRIC, 1), object_get(self, METRIC, 2)
  if value == nil then return nil, error_make("Invalid", "value is missing") end
  if type(value) ~= "number" then bad_argument(2, "number expected, got " .. typename(value)) end
  local texts, err = labels_of(labels, 3)
  if err then return nil, err end
  return metric_record(name, kind, operation, value, texts)
end

function class_metric__add(self, value, labels)
  if type(value) == "table" and labels == nil then value, labels = 1, value end
  if value == nil then value = 1 end
  return record_metric(self, "add", value, labels)
end
function class_metric__set(self, value, labels) return record_metric(self, "set", value, labels) end
function class_metric__observe(self, value, labels)
  return record_metric(self, "observe", value, labels)
end
function class_metric__value(self, labels)
  local texts, err = labels_of(labels, 2)
  if err then return nil, err end
  return metric_value(object_get(self, METRIC, 1), texts)
end

function store__open(name, options)
  if name == nil then return nil, error_make("Invalid", "name is missing") end
  if type(name) ~= "string" then bad_argument(1, "string expected, got " .. typename(name)) end
  if name == "" or #name > 255 then
    return nil, error_make("Invalid", "a store's name has 1 to 255 bytes")
  end
  local shared = true
  if options ~= nil then
    if type(options) ~= "table" then bad_argument(2, "table expected, got " .. typename(options)) end
    for key, value in next, options do
      if key ~= "shared" then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is shared")
      end
      if type(value) ~= "boolean" then
        return nil, error_make("Invalid", "option shared must be a boolean, got " .. typename(value))
      end
      shared = value
    end
  end
  return object(STORE, name, shared)
end

function checked_key(key)
  if key == nil then return nil, error_make("Invalid", "key is missing") end
  if type(key) ~= "string" then bad_argument(2, "string expected, got " .. typename(key)) end
  return key
end

function in_store(self, operation, ...)
  return store(object_get(self, STORE, 1), object_get(self, STORE, 2), operation, ...)
end

function class_store__get(self, key)
  local ok, err = checked_key(key)
  if ok == nil then return nil, err end
  return in_store(self, "get", key)
end

function class_store__entry(self, key)
  local ok, err = checked_key(key)
  if ok == nil then return nil, err end
  local value, version, rest = in_store(self, "entry", key)
  if is_error(version) then return nil, version end
  return {value = value, version = version, ttl = rest and rest * 1000000}
end

function class_store__has(self, key)
  local ok, err = checked_key(key)
  if ok == nil then return nil, err end
  local value
  value, err = in_store(self, "get", key)
  if err == nil then return true end
  if err:kind() == "NotFound" then return false end
  return nil, err
end

-- The checks of set and compare_and_set: key, duration, which is argument `number`; an error, or nil and
-- nanoseconds.
function set_fault(key, value, ttl, number)
  local ok, err = checked_key(key)
  if ok == nil then return err end
  if value == nil then return error_make("Invalid", "value is nil: use delete") end
  if ttl == nil then return nil end
  local nanoseconds
  nanoseconds, err = duration(ttl, number)
  return err, nanoseconds
end

function class_store__set(self, key, value, ttl)
  local err, nanoseconds = set_fault(key, value, ttl, 4)
  if err then return nil, err end
  return in_store(self, "set", key, value, nanoseconds)
end

function class_store__compare_and_set(self, key, version, value, ttl)
  local err, nanoseconds = set_fault(key, value, ttl, 5)
  if err then return nil, err end
  if version == nil then return nil, error_make("Invalid", "version is missing") end
  version = integer_of(version, 3)
  if version < 0 then
    return nil, error_make("Invalid", "version is " .. version .. ": versions are 1 and more, 0 is that of no entry")
  end
  return in_store(self, "swap", key, value, nanoseconds, version)
end

function class_store__increment(self, key, by)
  local ok, err = checked_key(key)
  if ok == nil then return nil, err end
  return in_store(self, "increment", key, by == nil and 1 or integer_of(by, 3))
end

function class_store__delete(self, key)
  local ok, err = checked_key(key)
  if ok == nil then return nil, err end
  return in_store(self, "delete", key)
end

function class_store__keys(self, prefix, limit)
  local ok, err = checked_key(prefix == nil and "" or prefix)
  if ok == nil then return nil, err end
  return in_store(self, "keys", ok, limit == nil and 1000 or integer_of(limit, 3))
end

function class_store__count(self) return in_store(self, "count") end
function class_store__clear(self) return in_store(self, "clear") end
