-- A member of the pool: counts the words of each text it is given.
local fs = require("fs")
local words = require("words")

local function count(path)
  local text, err = fs.read(path)
  if not text then error(err) end
  process.send("totals", "words", words.count(text))
end

local function main()
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{inbox:case_receive(), events:case_receive()}
    if got.channel == inbox then
      count(got.value:payload())
    elseif got.value.kind == process.event.CANCEL then
      return
    end
  end
end

return { main = main }
