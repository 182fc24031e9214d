-- Gives the durable processes a past, and lets the first one fail again and again.
local time = require("time")

local PAST = 20

local function main(first, ...)
  for number = 1, PAST do
    for _, name in ipairs({ first, ... }) do assert(process.send(name, "work", number)) end
  end
  while true do
    process.send(first, "fail")
    time.sleep("200ms")
  end
end

return { main = main }
