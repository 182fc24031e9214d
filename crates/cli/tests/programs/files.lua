-- Reads and writes below a directory.
local fs = require("fs")
return { main = function(directory)
  print(table.concat(fs.list(directory), ","))
  print(fs.read(directory .. "/a.txt"))
  local ok, err = fs.write(directory .. "/b.txt", "written")
  print(ok and "written" or err:kind())
end }
