-- Takes the place of total.lua when somebody upgrades the totals: adds up how many words begin with
-- which letter.
local words = require("words")

local function main()
  local counts, events = process.listen("words"), process.events()
  local totals, texts = {}, 0
  while true do
    local got = channel.select{counts:case_receive(), events:case_receive()}
    if got.channel == counts then
      words.add(totals, words.initials(got.value.counts))
      texts = texts + 1
      if texts % got.value.of == 0 then
        print(texts .. " texts, words begin with: " .. table.concat(words.most(totals, 5), ", "))
      end
    elseif got.value.kind == process.event.CANCEL then
      return
    end
  end
end

return { main = main }
