-- Receives and acknowledges every window of messages.
return { main = function(parent, window)
  local inbox = process.inbox()
  local count = 0
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return end
    local order = message:payload()
    if not order.id then error("not an order") end
    count = count + 1
    if count % window == 0 then process.send(parent, "ack") end
  end
end }
