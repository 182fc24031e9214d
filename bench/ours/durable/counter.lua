-- Counts what it gets; who sends its PID under "count" gets the count.
return { main = function()
  local inbox, count = process.inbox(), 0
  while true do
    local message = inbox:receive()
    if message:topic() == "count" then
      process.send(message:payload(), "count", count)
    else
      count = count + 1
    end
  end
end }
