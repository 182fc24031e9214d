-- A book of so many accounts: each message changes one of them, and is answered. What comes from
-- nobody is not.
return { main = function(accounts)
  local inbox, book = process.inbox(), {}
  for i = 1, accounts do book[i] = { name = "account " .. i, sum = 0 } end
  local at = 0
  while true do
    local message = inbox:receive()
    at = at % accounts + 1
    local account = book[at]
    account.sum = account.sum + 1
    process.send(message:payload(), "done", account.sum)
  end
end }
