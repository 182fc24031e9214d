-- Hands every text of a directory to the pool: some rounds of work, then a rest, again and again. The
-- first round of each wave also has a text that nobody can read.
local fs = require("fs")
local time = require("time")

local function hand_out(directory, with_poison)
  local names, err = fs.list(directory)
  if not names then error(err) end
  local texts, poison = {}, {}
  for _, name in ipairs(names) do
    local list = name == "poison.txt" and poison or texts
    if name:match("%.txt$") then list[#list + 1] = name end
  end
  local work = with_poison and table.move(poison, 1, #poison, #texts + 1, texts) or texts
  local of = #work - (with_poison and #poison or 0)
  for _, name in ipairs(work) do
    -- A full pool says so; the text comes again in the next round.
    process.send("tour:counters", "count", { path = directory .. "/" .. name, of = of })
  end
end

local function main(options)
  local events, round = process.events(), 0
  while true do
    hand_out(options.directory, round == 0)
    round = (round + 1) % options.rounds
    local timer = time.after(round == 0 and options.rest or options.every)
    local got = channel.select{events:case_receive(), timer:case_receive()}
    if got.channel == events and got.value.kind == process.event.CANCEL then return end
  end
end

return { main = main }
