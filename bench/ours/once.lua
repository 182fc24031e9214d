-- Tells its parent and ends.
return { main = function(parent)
  local ok, err = process.send(parent, "done")
  if not ok then error(err) end
end }
