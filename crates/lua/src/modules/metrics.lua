-- The module `metrics`.

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
