-- Says that it is there, and fails when it is told to.
local time = require("time")

return { main = function(number)
  -- While the application starts, nobody may be listening yet.
  process.send("load:driver", "ready", {number, time.now()})
  process.inbox():receive()
  error("boom")
end }
