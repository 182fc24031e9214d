local function main()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    print("worked on " .. tostring(message:payload()))
  end
end

return { main = main }
