-- The module `events`: news for whoever wants to know.

function events__publish(topic, ...)
  if topic == nil then return nil, error_make("Invalid", "topic is missing") end
  if type(topic) ~= "string" then bad_argument(1, "string expected, got " .. typename(topic)) end
  return publish(topic, ...)
end

function events__subscribe(pattern)
  if pattern == nil then return nil, error_make("Invalid", "pattern is missing") end
  if type(pattern) ~= "string" then bad_argument(1, "string expected, got " .. typename(pattern)) end
  local channels = state_of("subscriptions")
  local known = channels[pattern]
  if known then return known end
  local ch, err = subscribe_events(pattern)
  if ch == nil then return nil, err end
  channels[pattern] = ch
  return ch
end

function events__unsubscribe(ch)
  if ch == nil then return nil, error_make("Invalid", "channel is missing") end
  if object_class(ch) ~= CHANNEL then bad_argument(1, "channel expected, got " .. typename(ch)) end
  local channels = state_of("subscriptions")
  for pattern, known in next, channels do
    if known == ch then
      channels[pattern] = nil
      unsubscribe_events(pattern)
      local state = new_state(0)
      state.closed = true
      unlisten(ch, state)
      return true
    end
  end
  return nil, error_make("Invalid", "channel is not subscribed to events")
end
