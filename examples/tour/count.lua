-- A member of the pool: counts the words of each text it is given.
local fs = require("fs")
local words = require("words")

local function count(work)
  local text, err = fs.read(work.path)
  if not text then error(err) end
  -- A fault: the member ends, the pool gives the text to another one and replaces it.
  if text:find("crashes on purpose", 1, true) then error("nobody can read " .. work.path) end
  process.send("tour:totals", "words", { of = work.of, counts = words.count(text) })
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
