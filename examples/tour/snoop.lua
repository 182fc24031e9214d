-- Misbehaves: after a while it writes where it may only read. The policy says no, the process ends with
-- that error, and its supervisor starts it again, as it does with everybody.
local fs = require("fs")
local time = require("time")

local function main(options)
  local events, timer = process.events(), time.after(options.after)
  local got = channel.select{events:case_receive(), timer:case_receive()}
  if got.channel == events and got.value.kind == process.event.CANCEL then return end
  local ok, err = fs.write(options.path, "nothing but lies")
  if not ok then error(err) end
end

return { main = main }
