-- Many chunks, of which few are kept: functions, strings and closures of the others are used on.
local kept, texts, counters = {}, {}, {}
for i = 1, 400 do
  local source = "local n = " .. i .. " local text = 'a text of chunk " .. i .. "' "
    .. "return function() n = n + 1 return text .. ' ' .. n end, text, function() return n end"
  local count, text, read = assert(load(source, "=chunk" .. i))()
  if i % 50 == 0 then kept[#kept + 1] = count end
  if i % 40 == 0 then texts[#texts + 1] = text end
  if i % 70 == 0 then counters[#counters + 1] = read end
end
for _, count in ipairs(kept) do print(count(), count()) end
for _, text in ipairs(texts) do print(text) end
for _, read in ipairs(counters) do print(read()) end

-- A chunk that is loaded again after it was forgotten, under the same name and another.
local function again(name) return load("return 'loaded under ' .. " .. ("%q"):format(name), name) end
for _ = 1, 3 do
  for i = 1, 60 do assert(again("=name" .. i))() end
  print(again("=name1")(), again("=name2")())
end
print(pcall(load("error('with a position')", "=named")))

-- A chunk that loads others out of its own constants and is gone before them.
local outer = load([[
  local made = {}
  for i = 1, 5 do made[i] = load("local a = ... return a + " .. i .. " -- constant of the outer chunk", "=inner") end
  made[6] = load("return 'a constant of the inner chunk'", "=an inner chunk with a long name")
  return made
]])
local made = outer()
outer = nil
for i = 1, 200 do load("return {" .. i .. "}")() end
for i = 1, 5 do print(made[i](10)) end
print(made[6]())
print(select(2, pcall(load("local t = nil; return t.x", "=failing"))))

-- Chunks that refer to each other by what they return.
local chain = function() return 0 end
for i = 1, 100 do
  local env = { inner = chain }
  chain = load("local inner = inner return function() return inner() + 1 end", "=link" .. i, "t", env)()
end
print(chain())
