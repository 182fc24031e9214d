-- Starts so many processes of a program and sends each a message; ends with the PIDs of some of them, so
-- many from one to the next, with spaces between.
local time = require("time")

return { main = function(program, count, apart)
  local some = {}
  for i = 1, count do
    local pid, err = process.spawn(program, "app:processes")
    while not pid do
      if not err:retryable() then error(err) end
      time.sleep("1ms")
      pid, err = process.spawn(program, "app:processes")
    end
    while not process.send(pid, "one", i) do time.sleep("1ms") end
    if i % apart == 0 then some[#some + 1] = pid end
  end
  return table.concat(some, " ")
end }
