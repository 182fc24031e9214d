local function main()
  print("ready")
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "fail" then error("as asked") end
    print("Hello " .. message:payload())
  end
end

return { main = main }
