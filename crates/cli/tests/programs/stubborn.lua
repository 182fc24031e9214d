-- Hears that it should end, and does not.
return { main = function()
  local events = process.events()
  print("ready")
  print(events:receive().kind)
  while true do end
end }
