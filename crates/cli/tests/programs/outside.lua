-- Reads a file that nobody granted.
local fs = require("fs")
return { main = function(path)
  local text, err = fs.read(path)
  if not text then error(err) end
end }
