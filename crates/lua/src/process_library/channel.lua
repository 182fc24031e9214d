-- Channels between the coroutines of a process, and `channel.select`.

-- State of a channel: cap, closed, items (first, last), receivers and senders waiting (first, last).
function new_state(capacity)
  return {cap = capacity, closed = false, first = 1, last = 0, items = {},
    recv = {}, rfirst = 1, rlast = 0, send = {}, sfirst = 1, slast = 0}
end

function channel__new(capacity)
  if capacity == nil then capacity = 0 end
  capacity = integer_of(capacity, 1)
  if capacity < 0 then bad_argument(1, "capacity is negative") end
  return channel_new(new_state(capacity))
end

-- The next waiter that is still waiting; a waiter of a select may have been served elsewhere.
function next_receiver(state)
  while state.rfirst <= state.rlast do
    local waiter = state.recv[state.rfirst]
    state.recv[state.rfirst] = nil
    state.rfirst = state.rfirst + 1
    if not waiter.group.done then return waiter end
  end
end

function next_sender(state)
  while state.sfirst <= state.slast do
    local waiter = state.send[state.sfirst]
    state.send[state.sfirst] = nil
    state.sfirst = state.sfirst + 1
    if not waiter.group.done then return waiter end
  end
end

function settle(waiter, value, ok)
  local group = waiter.group
  group.done, group.waiter, group.value, group.ok = true, waiter, value, ok
  wake(group.task)
end

function add_receiver(state, waiter)
  state.rlast = state.rlast + 1
  state.recv[state.rlast] = waiter
  if state.rlast - state.rfirst > 64 then compact(state, "recv", "rfirst", "rlast") end
end

function add_sender(state, waiter)
  state.slast = state.slast + 1
  state.send[state.slast] = waiter
  if state.slast - state.sfirst > 64 then compact(state, "send", "sfirst", "slast") end
end

-- Drops waiters that were served elsewhere, when most of them were.
function compact(state, list, first, last)
  local kept, count = {}, 0
  local old = state[list]
  for i = state[first], state[last] do
    if not old[i].group.done then
      count = count + 1
      kept[count] = old[i]
    end
  end
  if count * 2 < state[last] - state[first] then
    state[list], state[first], state[last] = kept, 1, count
  end
end

-- Tries to send; true when it was done.
function try_send(state, value)
  local receiver = next_receiver(state)
  if receiver then
    settle(receiver, value, true)
    return true
  end
  if state.last - state.first + 1 < state.cap then
    state.last = state.last + 1
    state.items[state.last] = {value}
    return true
  end
  return false
end

-- Tries to receive; done, value, ok.
function try_receive(state)
  if state.first <= state.last then
    local value = state.items[state.first][1]
    state.items[state.first] = nil
    state.first = state.first + 1
    local sender = next_sender(state)
    if sender then
      state.last = state.last + 1
      state.items[state.last] = {sender.value}
      settle(sender, nil, true)
    end
    return true, value, true
  end
  local sender = next_sender(state)
  if sender then
    settle(sender, nil, true)
    return true, sender.value, true
  end
  if state.closed then return true, nil, false end
  return false
end

function local_state(ch)
  local state = channel_state(ch)
  if not state then error("cannot send to a channel that the mailbox feeds", 3) end
  return state
end

function class_channel__send(self, value)
  local state = local_state(self)
  if state.closed then error("send on closed channel", 2) end
  if try_send(state, value) then return true end
  local group = {task = task()}
  add_sender(state, {group = group, value = value})
  repeat park() until group.done
  if not group.ok then error("send on closed channel", 2) end
  return true
end

function channel_receive(self)
  local state = channel_state(self)
  local done, value, ok = try_receive(state)
  if done then return value, ok end
  local group = {task = task()}
  add_receiver(state, {group = group})
  repeat park() until group.done
  return group.value, group.ok
end

function class_channel__close(self)
  local state = channel_state(self)
  if not state then error("cannot close a channel that the mailbox feeds: use process.unlisten", 2) end
  if state.closed then return end
  state.closed = true
  local waiter = next_receiver(state)
  while waiter do
    settle(waiter, nil, false)
    waiter = next_receiver(state)
  end
  waiter = next_sender(state)
  while waiter do
    settle(waiter, nil, false)
    waiter = next_sender(state)
  end
end

function class_channel__case_receive(self)
  is_mailbox(self)
  return object(CASE, self, "receive")
end

function class_channel__case_send(self, value)
  local_state(self)
  return object(CASE, self, "send", value)
end

-- Tries a case: done, result.
function try_case(ch, direction, value)
  if direction == "send" then
    local state = channel_state(ch)
    if state.closed then error("send on closed channel", 3) end
    if try_send(state, value) then return true, {channel = ch, ok = true} end
    return false
  end
  if is_mailbox(ch) then
    local ready, received = poll(ch)
    if ready then return true, {channel = ch, value = received, ok = true} end
    return false
  end
  local done, received, ok = try_receive(channel_state(ch))
  if done then return true, {channel = ch, value = received, ok = ok} end
  return false
end

function channel__select(cases)
  if type(cases) ~= "table" then
    bad_argument(1, "table expected, got " .. typename(cases))
  end
  local list, count = {}, 0
  for i = 1, #cases do
    local case = cases[i]
    if object_class(case) == CASE then
      count = count + 1
      list[count] = case
    end
  end
  while true do
    look()
    for i = 1, count do
      local case = list[i]
      local done, result =
        try_case(object_get(case, CASE, 1), object_get(case, CASE, 2), object_get(case, CASE, 3))
      if done then return result end
    end
    if cases.default then return {default = true, ok = true} end
    local group = {task = task()}
    local outside = false
    for i = 1, count do
      local case = list[i]
      local ch = object_get(case, CASE, 1)
      if is_mailbox(ch) then
        outside = true
      elseif object_get(case, CASE, 2) == "send" then
        add_sender(channel_state(ch), {group = group, value = object_get(case, CASE, 3), channel = ch})
      else
        add_receiver(channel_state(ch), {group = group, channel = ch, receives = true})
      end
    end
    park(outside)
    if group.done then
      local waiter = group.waiter
      if waiter.receives then
        return {channel = waiter.channel, value = group.value, ok = group.ok}
      end
      if not group.ok then error("send on closed channel", 2) end
      return {channel = waiter.channel, ok = true}
    end
    -- Something came from outside: look again, and forget this round's waiters.
    group.done = true
  end
end
