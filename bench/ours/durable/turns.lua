-- Sends a process so many messages, each when the one before was answered; ends with their number.
return { main = function(pid, count)
  local inbox, me = process.inbox(), process.pid()
  for _ = 1, count do
    process.send(pid, "one", me)
    inbox:receive()
  end
  return count
end }
