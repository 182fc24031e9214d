-- Prints what it is sent.
return { main = function(...)
  print("echo", ...)
  while true do
    local message = process.inbox():receive()
    print(message:topic(), message:payload())
  end
end }
