-- What busy processes get done beside a bad neighbour, as a fraction of what they get done alone.
-- A neighbour that dies of its limits is replaced at once, so that there always is one.
local bench = require("bench")

local WORKERS, WINDOW_NS, ROUNDS = 40, 300000000, 5

-- The bad neighbour of now, and its kind; none while kind is nil.
local kind, bad

local function start_bad()
  bad = bench.spawn_monitored("app:bad", kind)
end

local function work_done()
  local self, deadline = process.pid(), bench.now() + WINDOW_NS
  for _ = 1, WORKERS do bench.spawn("app:busy", self, deadline) end
  local inbox, done, total = process.inbox(), 0, 0
  local events = process.events()
  while done < WORKERS do
    local ready = channel.select{ inbox:case_receive(), events:case_receive() }
    if ready.channel == inbox then
      done, total = done + 1, total + ready.value:payload()
    elseif kind then
      start_bad()
    end
  end
  return total
end

local function work_done_beside(which)
  kind = which
  start_bad()
  local done = work_done()
  kind = nil
  process.unmonitor(bad)
  process.terminate(bad)
  return done
end

return { main = function()
  work_done()
  for _, which in ipairs{ "loop", "eat", "recurse", "bomb", "flood" } do
    bench.report("neighbours", which, bench.reps(ROUNDS, function()
      local alone = work_done()
      return work_done_beside(which) / alone
    end), "")
  end
end }
