-- Adds up what the members of the pool count; its name is "totals".
local words = require("words")

local function main()
  assert(process.registry.register("totals"))
  local counts, events, totals = process.listen("words"), process.events(), {}
  while true do
    local got = channel.select{counts:case_receive(), events:case_receive()}
    if got.channel == counts then
      words.add(totals, got.value)
      print("most often: " .. table.concat(words.most(totals, 5), ", "))
    elseif got.value.kind == process.event.CANCEL then
      return totals
    end
  end
end

return { main = main }
