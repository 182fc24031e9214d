-- Sends n small messages.
return { main = function(to, n)
  for _ = 1, n do
    local ok, err = process.send(to, "m", true)
    if not ok then error(err) end
  end
end }
