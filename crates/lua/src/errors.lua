-- Error objects: the module `errors` and their methods.

function errors__new(spec)
  if type(spec) == "table" then
    local details = spec.details
    local retryable = spec.retryable
    if retryable ~= nil then retryable = not not retryable end
    return error_make(spec.kind or "Unknown", tostring(spec.message or ""), retryable, details,
      traceback(nil, 0))
  end
  if type(spec) ~= "string" then
    bad_argument(1, "string or table expected, got " .. typename(spec))
  end
  return error_make("Unknown", spec, nil, nil, traceback(nil, 0))
end

function errors__wrap(err, context)
  if err == nil then return nil end
  context = text_of(context, 2)
  if is_error(err) then
    return error_make(err:kind(), context .. ": " .. err:message(), err:retryable(), err:details(),
      err:stack())
  end
  return error_make("Unknown", context .. ": " .. tostring(err), nil, nil, traceback(nil, 0))
end

function errors__is(err, kind)
  return is_error(err) and err:kind() == kind
end

function errors__call_stack(err)
  if is_error(err) then return err:stack() end
  return nil
end

function class_error__kind(self) return error_field(self, 1) end
function class_error__message(self) return error_field(self, 2) end
function class_error__retryable(self) return error_field(self, 3) end
function class_error__details(self) return error_field(self, 4) end
function class_error__stack(self) return error_field(self, 5) end
function class_error____tostring(self) return error_field(self, 2) end
function class_error____concat(a, b)
  if is_error(a) then a = a:message() end
  if is_error(b) then b = b:message() end
  return a .. b
end
function class_error____len(self) return #error_field(self, 2) end
