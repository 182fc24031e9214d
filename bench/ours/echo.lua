-- Sends everything back to whom it came from.
return { main = function()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return end
    local ok, err = process.send(message:from(), "echo", message:payload())
    if not ok then error(err) end
  end
end }
