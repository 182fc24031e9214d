-- Finalizers (`__gc`): when they are called, and what becomes of their errors.

-- Calls the finalizers that are due. An error in one is a warning; one that yields is closed.
function finalize()
  repeat
    local co = coroutine_create(call_finalizers)
    finalizer_starts(co)
    coroutine_resume(co)
    local yielded = coroutine_status(co) == "suspended"
    if yielded then
      warn_finalizer("attempt to yield across a C-call boundary")
      coroutine_close(co)
    end
  until not yielded
  finalizer_starts(nil)
end

function call_finalizers()
  while true do
    local object = next_finalizable()
    if object == nil then return end
    local method = metamethod(object, "__gc")
    if method ~= nil then
      local ok, problem = pcall(method, object)
      if not ok then warn_finalizer(problem) end
    end
  end
end

function warn_finalizer(problem)
  if is_error(problem) then problem = error_field(problem, 2) end
  if type(problem) == "number" then problem = tostring_raw(problem) end
  if type(problem) ~= "string" then problem = "error object is not a string" end
  warn_text("error in __gc (" .. problem .. ")")
end

-- `collectgarbage` when finalizers are due.
function general_collectgarbage(result)
  finalize()
  return result
end

-- What ends a process whose objects have finalizers, with the results of the program's function.
function finalize_before_end(...)
  finalize()
  return ...
end
