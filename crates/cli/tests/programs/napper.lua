-- Works a little and sleeps a little, many times.
local time = require("time")

return { main = function(parent)
  for _ = 1, 20 do
    local x = 0
    for i = 1, 20000 do x = x + i % 7 end
    time.sleep("1ms")
  end
  process.send(parent, "awake")
end }
