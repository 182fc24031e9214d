-- Takes so many messages and one more, then computes for ever.
return { main = function(count)
  local inbox = process.inbox()
  for _ = 1, count + 1 do inbox:receive() end
  local sum = 0
  while true do sum = (sum * 31 + 7) % 1000003 end
end }
