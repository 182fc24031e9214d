-- Starts so many processes of a program and sends each a message; ends with the PID of the middle one.
local time = require("time")

return { main = function(program, count)
  local middle
  for i = 1, count do
    local pid, err = process.spawn(program, "app:processes")
    while not pid do
      if not err:retryable() then error(err) end
      time.sleep("1ms")
      pid, err = process.spawn(program, "app:processes")
    end
    while not process.send(pid, "one", i) do time.sleep("1ms") end
    if i == count // 2 then middle = pid end
  end
  return middle
end }
