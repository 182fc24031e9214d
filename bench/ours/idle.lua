-- Memory of processes that have answered one message and wait. Whoever runs this reads the resident
-- memory of the node at each line of output.
local bench = require("bench")
local time = require("time")

local PORTION = 1000

return { main = function(n)
  n = math.tointeger(tonumber(n))
  print("before")
  time.sleep("500ms")
  local pids = {}
  for i = 1, n do pids[i] = bench.spawn("app:echo") end
  -- In portions, so that the answers fit into the mailbox.
  for first = 1, n, PORTION do
    local last = math.min(first + PORTION - 1, n)
    for i = first, last do bench.send(pids[i], "ping", true) end
    bench.wait(last - first + 1)
  end
  pids = nil
  time.sleep("1500ms")
  print("after")
  time.sleep("5s")
end }
