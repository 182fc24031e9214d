-- Sends everything on to the next in the ring.
return { main = function(next)
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    local topic = message:topic()
    process.send(next, topic, message:payload())
    if topic == "stop" then return end
  end
end }
