-- Runs one chunk of bench/lua so many times and prints its checksum: `run chunk.lua -- bench/lua NAME TIMES`.
local fs = require("fs")

return { main = function(directory, name, times)
  local text, err = fs.read(directory .. "/" .. name .. ".lua")
  if not text then return nil, err end
  local chunk, problem = load(text, "=" .. name)
  if not chunk then return nil, problem end
  local checksum
  for _ = 1, math.tointeger(tonumber(times)) do checksum = chunk() end
  print(checksum)
end }
