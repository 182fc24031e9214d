-- The module `process` and subscriptions to topics.

function process__set_options(options)
  if options == nil then return false, error_make("Invalid", "options are missing") end
  if type(options) ~= "table" then
    bad_argument(1, "table expected, got " .. typename(options))
  end
  for key, value in next, options do
    if key ~= "trap_links" then
      return false, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is trap_links")
    end
    if type(value) ~= "boolean" then
      return false, error_make("Invalid", "option trap_links must be a boolean, got " .. typename(value))
    end
  end
  if options.trap_links ~= nil then set_trap_links(options.trap_links) end
  return true
end

function process__listen(topic, options)
  if topic == nil then return nil, error_make("Invalid", "topic is missing") end
  topic = text_of(topic, 1)
  local messages = false
  if options ~= nil then
    if type(options) ~= "table" then
      bad_argument(2, "table expected, got " .. typename(options))
    end
    for key, value in next, options do
      if key ~= "message" then
        return nil, error_make("Invalid", "unknown option \"" .. tostring(key) .. "\": there is message")
      end
      if type(value) ~= "boolean" then
        return nil, error_make("Invalid", "option message must be a boolean, got " .. typename(value))
      end
    end
    messages = options.message == true
  end
  local channels = state_of("topics")
  local known = channels[topic]
  if known then return known end
  local ch, err = listen(topic, messages)
  if ch == nil then return nil, err end
  channels[topic] = ch
  return ch
end

function process__unlisten(ch)
  if object_class(ch) ~= CHANNEL then
    if ch == nil then return nil, error_make("Invalid", "channel is missing") end
    bad_argument(1, "channel expected, got " .. typename(ch))
  end
  local channels = state_of("topics")
  for topic, known in next, channels do
    if known == ch then
      channels[topic] = nil
      local state = new_state(0)
      state.closed = true
      unlisten(ch, state)
      return true
    end
  end
  return nil, error_make("Invalid", "channel does not listen to a topic")
end

function base__subscribe(topic, ch)
  if topic == nil then return nil, error_make("Invalid", "topic is missing") end
  if ch == nil then return nil, error_make("Invalid", "channel is missing") end
  if object_class(ch) ~= CHANNEL or is_mailbox(ch) then
    bad_argument(2, "channel of channel.new expected, got " .. typename(ch))
  end
  local source, err = process.listen(topic)
  if source == nil then return nil, err end
  state_of("fed")[ch] = source
  coroutine.spawn(feed, source, ch)
  return true
end

function feed(source, ch)
  while true do
    local value, ok = source:receive()
    if not ok or state_of("fed")[ch] ~= source or channel_state(ch).closed then return end
    ch:send(value)
  end
end

function base__unsubscribe(ch)
  if ch == nil then return nil, error_make("Invalid", "channel is missing") end
  local fed = state_of("fed")
  local source = fed[ch]
  if source == nil then return nil, error_make("Invalid", "channel is not subscribed") end
  fed[ch] = nil
  process.unlisten(source)
  return true
end

function process__call(...)
  local id, err = call_start(...)
  if id == nil then return nil, err end
  return await(id)
end

function process__exec(...)
  local id, err = call_start(...)
  if id == nil then return nil, err end
  return await(id)
end

-- Names and values in turn become fields; where a value is such a list again, it is named.
function fields_of(list)
  local fields = {}
  for i = 1, #list, 2 do fields[list[i]] = list[i + 1] end
  return fields
end

function process__info(...)
  local id, err = info_start(...)
  if id == nil then return nil, err end
  local list, failure = await(id)
  if list == nil then return nil, failure end
  local info = fields_of(list)
  info.limits = fields_of(info.limits)
  return info
end
