-- Works until a time and tells how much it got done.
local time = require("time")

local function work(x)
  for i = 1, 200 do x = (x * 31 + i) % 65521 end
  return x
end

return { main = function(parent, deadline)
  local done, x = 0, 1
  while time.now() < deadline do
    x = work(x)
    done = done + 1
  end
  process.send(parent, "done", done)
end }
