-- Sends everything back to whom it came from.
return { main = function()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return end
    process.send(message:from(), "echo", message:payload())
  end
end }
