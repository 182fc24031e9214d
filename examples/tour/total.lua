-- Adds up what the members of the pool count, and says so after every round. It is also told of the
-- texts that no member could read.
local words = require("words")

local function main()
  local counts, letters = process.listen("words"), process.listen("dead-letter")
  local events, totals, texts = process.events(), {}, 0
  while true do
    local got = channel.select{counts:case_receive(), letters:case_receive(), events:case_receive()}
    if got.channel == counts then
      words.add(totals, got.value.counts)
      texts = texts + 1
      if texts % got.value.of == 0 then
        print(texts .. " texts, most often: " .. table.concat(words.most(totals, 5), ", "))
      end
    elseif got.channel == letters then
      print("given up: " .. got.value.payload.path)
    elseif got.value.kind == process.event.CANCEL then
      return totals
    end
  end
end

return { main = main }
