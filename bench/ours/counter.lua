-- Receives n messages, tells its parent, and ends.
return { main = function(parent, n)
  local inbox = process.inbox()
  for _ = 1, n do inbox:receive() end
  process.send(parent, "done")
end }
