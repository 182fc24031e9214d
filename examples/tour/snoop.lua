-- Misbehaves: it wants to write where it may only read. The policy says no, and says so in the events;
-- after some attempts its supervisor gives it up.
local fs = require("fs")

return { main = function(path)
  local ok, err = fs.write(path, "nothing but lies")
  if not ok then error(err) end
end }
