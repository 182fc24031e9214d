-- A function: the commonest words of a text. It runs as a process of its own for each call.
local fs = require("fs")
local words = require("words")

return { main = function(path, limit)
  local text, err = fs.read(path)
  if not text then error(err) end
  return words.most(words.count(text), tonumber(limit) or 3)
end }
