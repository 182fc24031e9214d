-- Memory of processes that have answered one message and wait. Whoever runs this reads the resident
-- memory of the node at each line of output.
local bench = require("bench")
local time = require("time")

return { main = function(n)
  n = math.tointeger(tonumber(n))
  print("before")
  time.sleep("500ms")
  local pids = {}
  for i = 1, n do pids[i] = bench.spawn("app:echo") end
  for i = 1, n do bench.send(pids[i], "ping", true) end
  bench.wait(n)
  pids = nil
  time.sleep("1500ms")
  print("after")
  time.sleep("5s")
end }
