-- The module `logger`.

function log_fields(base, fields)
  local texts = {}
  for key, value in next, base do texts[key] = value end
  if fields ~= nil then
    if type(fields) ~= "table" then
      bad_argument(2, "table expected, got " .. typename(fields))
    end
    for key, value in next, fields do texts[tostring(key)] = tostring(value) end
  end
  return texts
end

function logger__debug(message, fields)
  log("debug", text_of(message, 1), log_fields({}, fields))
end
function logger__info(message, fields)
  log("info", text_of(message, 1), log_fields({}, fields))
end
function logger__warn(message, fields)
  log("warn", text_of(message, 1), log_fields({}, fields))
end
function logger__error(message, fields)
  log("error", text_of(message, 1), log_fields({}, fields))
end
function logger__with(fields) return object(LOGGER, log_fields({}, fields)) end

function class_logger__debug(self, message, fields)
  log("debug", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__info(self, message, fields)
  log("info", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__warn(self, message, fields)
  log("warn", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__error(self, message, fields)
  log("error", text_of(message, 1), log_fields(object_get(self, LOGGER, 1), fields))
end
function class_logger__with(self, fields)
  return object(LOGGER, log_fields(object_get(self, LOGGER, 1), fields))
end
