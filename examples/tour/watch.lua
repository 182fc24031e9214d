-- Looks for texts that it has not seen, and hands each to the pool.
local fs = require("fs")
local time = require("time")

local function look(directory, seen)
  for _, name in ipairs(fs.list(directory) or {}) do
    if name:match("%.txt$") and not seen[name] then
      seen[name] = process.send("tour:counters", "count", directory .. "/" .. name)
    end
  end
end

local function main(options)
  local events, seen = process.events(), {}
  while true do
    look(options.directory, seen)
    local timer = time.after(options.every)
    local got = channel.select{events:case_receive(), timer:case_receive()}
    if got.channel == events and got.value.kind == process.event.CANCEL then return end
  end
end

return { main = main }
