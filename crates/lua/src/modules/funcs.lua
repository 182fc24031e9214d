-- The module `funcs`: functions as short processes.

-- Its id is argument `number` of whoever was called.
function check_function(number, id)
  if id ~= nil and type(id) ~= "string" then bad_argument(number, "string expected, got " .. typename(id)) end
end

function call_function(values, actor, scope, timeout, ...)
  local call, err = function_start(values, actor, scope, ...)
  if call == nil then return nil, err end
  if timeout then
    local ok
    ok, err = expire(call, timeout)
    if not ok then
      abandon(call)
      return nil, err
    end
  end
  return await(call)
end

-- State of a future: call, ended (a channel that is closed at the end), done, value, err, channel.
function new_future(values, actor, scope, timeout, ...)
  local call, err = function_start(values, actor, scope, ...)
  if call == nil then return nil, err end
  if timeout then
    local ok
    ok, err = expire(call, timeout)
    if not ok then
      abandon(call)
      return nil, err
    end
  end
  local state = {call = call, ended = channel.new()}
  coroutine.spawn(settle_future, state)
  return object(FUTURE, state)
end

function settle_future(state)
  local value, err = await(state.call)
  if not state.done then end_future(state, value, err) end
end

function end_future(state, value, err)
  state.done, state.value, state.err = true, value, err
  state.ended:close()
  if state.channel then fill_future(state) end
end

-- The channel of a future yields its result once.
function fill_future(state)
  state.channel:send({value = state.value, error = state.err})
  state.channel:close()
end

function funcs__call(...)
  check_function(1, ...)
  return call_function(nil, nil, nil, nil, ...)
end
function funcs__async(...)
  check_function(1, ...)
  return new_future(nil, nil, nil, nil, ...)
end
function funcs__new() return object(EXECUTOR, {}, nil, nil, nil) end

function class_future__await(self, timeout)
  local state = object_get(self, FUTURE, 1)
  if not state.done then
    if timeout == nil then
      state.ended:receive()
    else
      local nanoseconds, err = duration(timeout, 2)
      if nanoseconds == nil then return nil, err end
      local timer = new_timer(nanoseconds, false)
      channel.select{state.ended:case_receive(), timer:channel():case_receive()}
      timer:stop()
      if not state.done then
        return nil, error_make("Timeout", "the function has not ended in time", true)
      end
    end
  end
  if state.err ~= nil then return nil, state.err end
  return state.value
end

function class_future__is_done(self)
  local state = object_get(self, FUTURE, 1)
  return state.done == true or is_finished(state.call)
end

function class_future__channel(self)
  local state = object_get(self, FUTURE, 1)
  if state.channel == nil then
    state.channel = channel.new(1)
    if state.done then fill_future(state) end
  end
  return state.channel
end

function class_future__cancel(self)
  if self:is_done() then return false end
  local state = object_get(self, FUTURE, 1)
  abandon(state.call)
  end_future(state, nil, error_make("Canceled", "the call was canceled", nil, nil, traceback(nil, 0)))
  return true
end

function executor_parts(self)
  return object_get(self, EXECUTOR, 1), object_get(self, EXECUTOR, 2), object_get(self, EXECUTOR, 3),
    object_get(self, EXECUTOR, 4)
end

function class_executor__with_context(self, values)
  local old, actor, scope, timeout = executor_parts(self)
  must("process.context", "context")
  return object(EXECUTOR, checked_values(old, values, "with_context"), actor, scope, timeout)
end

function class_executor__with_actor(self, actor)
  local values, _, scope, timeout = executor_parts(self)
  must("process.security", "security")
  if object_class(actor) ~= ACTOR then bad_argument(2, "actor expected, got " .. typename(actor)) end
  return object(EXECUTOR, values, actor, scope, timeout)
end

function class_executor__with_scope(self, scope)
  local values, actor, _, timeout = executor_parts(self)
  must("process.security", "security")
  if object_class(scope) ~= SCOPE then bad_argument(2, "scope expected, got " .. typename(scope)) end
  return object(EXECUTOR, values, actor, scope, timeout)
end

function class_executor__with_timeout(self, timeout)
  local values, actor, scope = executor_parts(self)
  local nanoseconds, err = duration(timeout, 2)
  if nanoseconds == nil then return nil, err end
  return object(EXECUTOR, values, actor, scope, nanoseconds)
end

function class_executor__call(self, ...)
  local values, actor, scope, timeout = executor_parts(self)
  check_function(2, ...)
  return call_function(values, actor, scope, timeout, ...)
end

function class_executor__async(self, ...)
  local values, actor, scope, timeout = executor_parts(self)
  check_function(2, ...)
  return new_future(values, actor, scope, timeout, ...)
end
