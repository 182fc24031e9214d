-- From the message that makes a process fail to the news of its end.
local bench = require("bench")
local N = 20000

return { main = function()
  local events = process.events()
  bench.report("notify", "monitor_p50_ns", bench.reps(3, function()
    local latencies = {}
    for i = 1, N do
      local pid = bench.spawn_monitored("app:dier")
      local start = bench.now()
      bench.send(pid, "die")
      events:receive()
      latencies[i] = bench.now() - start
    end
    return bench.median(latencies)
  end), "ns")
end }
