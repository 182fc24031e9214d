-- A ring of 1000 processes: one token, then 100 at once.
local bench = require("bench")
local SIZE, LAPS, TOKENS = 1000, 300, 100

local function ring()
  local next = process.pid()
  for _ = 1, SIZE do next = bench.spawn("app:forward", next) end
  return next
end

local function stop(first)
  bench.send(first, "stop")
  bench.wait(1)
end

local function one_token()
  local inbox, first = process.inbox(), ring()
  local took = bench.time(function()
    for lap = LAPS, 1, -1 do
      bench.send(first, "token", lap)
      inbox:receive()
    end
  end)
  stop(first)
  return LAPS * (SIZE + 1) * 1e9 / took
end

local function many_tokens()
  local inbox, first, laps = process.inbox(), ring(), LAPS // 10
  local took = bench.time(function()
    for _ = 1, TOKENS do bench.send(first, "token", laps) end
    local open = TOKENS
    while open > 0 do
      local left = inbox:receive():payload() - 1
      if left == 0 then open = open - 1 else bench.send(first, "token", left) end
    end
  end)
  stop(first)
  return TOKENS * laps * (SIZE + 1) * 1e9 / took
end

return { main = function()
  bench.report("ring", "1000x1000_one_token_msgs_per_s", bench.reps(3, one_token), "1/s")
  bench.report("ring", "1000x100x100tokens_msgs_per_s", bench.reps(3, many_tokens), "1/s")
end }
