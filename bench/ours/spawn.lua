-- From spawn to exit: a burst of processes that each send one message, and one after the other.
-- The mailbox has to hold them all: run it with --limit mailbox=200000.
local bench = require("bench")
local N = 100000

local function burst()
  local self = process.pid()
  for _ = 1, N do bench.spawn("app:once", self) end
  bench.wait(N)
end

local function sequence()
  local events = process.events()
  for _ = 1, N do
    local pid = bench.spawn_monitored("app:nothing")
    local event = events:receive()
    if event.from ~= pid then error("another process's end") end
  end
end

return { main = function()
  local per_process = function(f) return function() return bench.time(f) / N end end
  bench.report("spawn_exit", "burst_100k_ns_per_proc", bench.reps(3, per_process(burst)), "ns")
  bench.report("spawn_exit", "sequential_spawn_monitor_down_ns", bench.reps(3, per_process(sequence)), "ns")
end }
