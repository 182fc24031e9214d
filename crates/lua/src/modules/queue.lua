-- The module `queue`: work that one of many does.

function queue_name(name)
  if name == nil then return nil, error_make("Invalid", "name is missing") end
  if type(name) ~= "string" then bad_argument(1, "string expected, got " .. typename(name)) end
  return name
end

-- A word behind its article.
function with_article(word)
  local first = string_sub(word, 1, 1)
  local is_vowel = first == "a" or first == "e" or first == "i" or first == "o"
  return (is_vowel and "an " or "a ") .. word
end

-- A value as a message names it; of a string, the first 40 bytes.
function shown_value(value)
  local kind = type(value)
  if kind == "number" or kind == "boolean" then return tostring(value) end
  if kind ~= "string" then return with_article(typename(value)) end
  if #value > 40 then value = string_sub(value, 1, 40) .. "…" end
  return "the string \"" .. value .. "\""
end

-- The value of an option, after a check of its type.
function option_of(options, name, wanted)
  local value = options[name]
  if value == nil or math_type(value) == wanted or type(value) == wanted then return nil, value end
  return error_make("Invalid", "option " .. name .. " must be " .. with_article(wanted) .. ", got " .. shown_value(value))
end

function queue__declare(name, options)
  local ok, err = queue_name(name)
  if ok == nil then return nil, err end
  if options == nil then options = {} end
  if type(options) ~= "table" then bad_argument(2, "table expected, got " .. typename(options)) end
  for key in next, options do
    if key ~= "deliveries_max" and key ~= "messages_max" and key ~= "dead_letter" and key ~= "ack_timeout" then
      return nil, error_make("Invalid", "unknown option \"" .. tostring(key)
        .. "\": there are deliveries_max, messages_max, dead_letter and ack_timeout")
    end
  end
  local deliveries, messages, dead, timeout
  err, deliveries = option_of(options, "deliveries_max", "integer")
  if err then return nil, err end
  err, messages = option_of(options, "messages_max", "integer")
  if err then return nil, err end
  err, dead = option_of(options, "dead_letter", "string")
  if err then return nil, err end
  if options.ack_timeout ~= nil then
    timeout, err = duration(options.ack_timeout, nil, "ack_timeout")
    if timeout == nil then return nil, err end
  end
  return queue_declare(name, deliveries, messages, dead, timeout)
end

function queue__publish(name, value, options)
  local ok, err = queue_name(name)
  if ok == nil then return nil, err end
  if value == nil then return nil, error_make("Invalid", "value is missing") end
  local delay = 0
  if options ~= nil then
    if type(options) ~= "table" then bad_argument(3, "table expected, got " .. typename(options)) end
    for key in next, options do
      if key ~= "delay" then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is delay")
      end
    end
    if options.delay ~= nil then
      delay, err = duration(options.delay, nil, "delay")
      if delay == nil then return nil, err end
    end
  end
  return queue_publish(name, value, delay)
end

function queue__consume(name, options)
  local ok, err = queue_name(name)
  if ok == nil then return nil, err end
  local nanoseconds
  if options ~= nil then
    if type(options) ~= "table" then bad_argument(2, "table expected, got " .. typename(options)) end
    for key in next, options do
      if key ~= "timeout" then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is timeout")
      end
    end
    if options.timeout ~= nil then
      nanoseconds, err = duration(options.timeout, nil, "timeout")
      if nanoseconds == nil then return nil, err end
    end
  end
  local call
  call, err = consume_start(name)
  if call == nil then return nil, err end
  if nanoseconds then
    ok, err = expire(call, nanoseconds)
    if not ok then
      abandon(call)
      return nil, err
    end
  end
  local value, delivery, attempt = await_all(call)
  if attempt == nil then return nil, delivery end
  return object(DELIVERY, name, delivery, value, attempt)
end

function queue__info(name)
  local ok, err = queue_name(name)
  if ok == nil then return nil, err end
  return queue_info(name)
end

function queue__purge(name)
  local ok, err = queue_name(name)
  if ok == nil then return nil, err end
  return queue_purge(name)
end

function class_delivery__payload(self) return object_get(self, DELIVERY, 3) end
function class_delivery__attempt(self) return object_get(self, DELIVERY, 4) end
function class_delivery__queue(self) return object_get(self, DELIVERY, 1) end
function class_delivery__ack(self)
  return queue_ack(object_get(self, DELIVERY, 1), object_get(self, DELIVERY, 2))
end
function class_delivery__nack(self, options)
  local requeue = true
  if options ~= nil then
    if type(options) ~= "table" then bad_argument(2, "table expected, got " .. typename(options)) end
    for key, value in next, options do
      if key ~= "requeue" or type(value) ~= "boolean" then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is requeue, a boolean")
      end
      requeue = value
    end
  end
  return queue_nack(object_get(self, DELIVERY, 1), object_get(self, DELIVERY, 2), requeue)
end
