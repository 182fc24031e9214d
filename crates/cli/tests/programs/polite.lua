-- Ends when it is asked to.
return { main = function()
  local events = process.events()
  print("ready")
  local event = events:receive()
  print(event.kind, event.deadline ~= nil)
end }
