-- Plays ping-pong with whoever's PID it gets, for ever; who sends its PID under "count" gets the count.
return { main = function()
  local inbox, count = process.inbox(), 0
  while true do
    local message = inbox:receive()
    local to = message:payload()
    if message:topic() == "count" then
      process.send(to, "count", count)
    else
      count = count + 1
      process.send(to, "ball", process.pid())
    end
  end
end }
