-- Two processes, one message in flight.
local bench = require("bench")
local N = 300000

return { main = function()
  local inbox = process.inbox()
  bench.report("pingpong", "bare_send_receive_roundtrips_per_s", bench.reps(3, function()
    local echo = bench.spawn("app:echo")
    local took = bench.time(function()
      for i = 1, N do
        bench.send(echo, "ping", i)
        if inbox:receive():payload() ~= i then error("another number") end
      end
    end)
    bench.send(echo, "stop")
    return N * 1e9 / took
  end), "1/s")
end }
