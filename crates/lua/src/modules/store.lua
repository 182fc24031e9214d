-- The module `store`.

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
