-- One of a million: it has a number of its own, and counts how often it was asked for it.
return { main = function(number)
  local asked = 0
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    asked = asked + 1
    local ok, err = process.send(message:from(), "answer", { number = number, asked = asked })
    if not ok then error(err) end
  end
end }
