-- A process that greets whoever it hears of:
--   procession send app:greetings hello World
local function main()
  print("ready")
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    print("Hello " .. tostring(message:payload()) .. "!")
  end
end

return { main = main }
