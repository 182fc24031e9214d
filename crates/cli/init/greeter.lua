-- A process that greets whoever it hears of, until it is asked to end:
--   procession send app:greetings hello World
local function main()
  print("ready")
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{inbox:case_receive(), events:case_receive()}
    if got.channel == inbox then
      print("Hello " .. tostring(got.value:payload()) .. "!")
    elseif got.value.kind == process.event.CANCEL then
      return
    end
  end
end

return { main = main }
