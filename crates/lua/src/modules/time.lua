-- The module `time`.

function time__now() return now() end

function time__sleep(d)
  local nanoseconds, err = duration(d)
  if nanoseconds == nil then return nil, err end
  local id
  id, err = sleep_start(nanoseconds)
  if id == nil then return nil, err end
  await(id)
  return true
end

function time__after(d)
  local nanoseconds, err = duration(d)
  if nanoseconds == nil then return nil, err end
  local ch = channel.new(1)
  coroutine.spawn(tick_once, nanoseconds, ch)
  return ch
end

function tick_once(nanoseconds, ch)
  local id = sleep_start(nanoseconds)
  if id then
    await(id)
    ch:send(now())
  end
end

function new_timer(d, period)
  local nanoseconds, err = duration(d)
  if nanoseconds == nil then return nil, err end
  if period and nanoseconds == 0 then return nil, error_make("Invalid", "period is zero") end
  local state = {channel = channel.new(1), generation = 0, period = period and nanoseconds or nil}
  local timer = object(TIMER, state)
  start_timer(state, nanoseconds)
  return timer
end

function time__timer(d) return new_timer(d, false) end
function time__ticker(d) return new_timer(d, true) end

function start_timer(state, nanoseconds)
  state.generation = state.generation + 1
  state.active = true
  coroutine.spawn(run_timer, state, state.generation, nanoseconds)
end

function run_timer(state, generation, nanoseconds)
  repeat
    local id = sleep_start(nanoseconds)
    if id == nil then return end
    state.call = id
    await(id)
    if state.generation ~= generation or not state.active then return end
    if not state.period then state.active = false end
    -- A tick that nobody has taken yet is not doubled.
    local inner = channel_state(state.channel)
    if inner.first > inner.last then try_send(inner, now()) end
    nanoseconds = state.period
  until not state.period
end

function class_timer__channel(self) return object_get(self, TIMER, 1).channel end

function class_timer__stop(self)
  local state = object_get(self, TIMER, 1)
  local was = state.active == true
  state.active = false
  state.generation = state.generation + 1
  if was and state.call then abandon(state.call) end
  return was
end

function class_timer__reset(self, d)
  local state = object_get(self, TIMER, 1)
  local nanoseconds, err = duration(d, 2)
  if nanoseconds == nil then return nil, err end
  local was = self:stop()
  if state.period then state.period = nanoseconds end
  start_timer(state, nanoseconds)
  return was
end

function time__parse_duration(text)
  if text == nil then return nil, error_make("Invalid", "duration is missing") end
  if type(text) ~= "string" then
    bad_argument(1, "string expected, got " .. typename(text))
  end
  return duration(text)
end

function time__format(t) return time_format(t) end
function time__parse(text) return time_parse(text) end
