-- Sends a process so many messages, as fast as its mailbox takes them; ends with its count.
local time = require("time")

return { main = function(pid, count)
  for i = 1, count do
    while not process.send(pid, "one", i) do time.sleep("1ms") end
  end
  process.send(pid, "count", process.pid())
  return process.inbox():receive():payload()
end }
