-- Each message is an input of its past. It fails over those on the topic "fail", so that there is something
-- to skip.
local function main()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "fail" then error("as asked") end
  end
end

return { main = main }
