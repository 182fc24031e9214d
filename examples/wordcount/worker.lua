-- Counts the words of one text after the other, as the coordinator says.

local fs = require("fs")
local texts = require("texts")

local function read(directory, name)
  if not directory then return texts.generate(name) end
  local text, err = fs.read(directory .. "/" .. name)
  if not text then error("read " .. name .. ": " .. tostring(err)) end
  return text
end

local function count(text)
  local words = {}
  for word in text:lower():gmatch("%a+") do words[word] = (words[word] or 0) + 1 end
  return words
end

-- Without a directory the texts are generated here instead of read.
local function main(coordinator, directory)
  local inbox = process.inbox()
  process.send(coordinator, "ready")
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return end
    local name = message:payload()
    local text = read(directory, name)
    if name == "poison.txt" then error("poisoned on purpose") end
    local words = count(text)
    local instructions = process.usage().instructions
    process.send(coordinator, "counted", { words = words, bytes = #text, instructions = instructions })
  end
end

return { main = main }
