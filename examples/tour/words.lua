-- What the programs of the tour share: tables from words to how often they occur.
local words = {}

-- The words of a text.
function words.count(text)
  local counts = {}
  for word in text:lower():gmatch("%a+") do counts[word] = (counts[word] or 0) + 1 end
  return counts
end

-- Adds counts to totals.
function words.add(totals, counts)
  for word, count in pairs(counts) do totals[word] = (totals[word] or 0) + count end
end

-- How many words begin with which letter.
function words.initials(counts)
  local initials = {}
  for word, count in pairs(counts) do
    local initial = word:sub(1, 1)
    initials[initial] = (initials[initial] or 0) + count
  end
  return initials
end

-- The commonest words, at most so many; equal ones by the alphabet.
function words.most(totals, limit)
  local list = {}
  for word in pairs(totals) do list[#list + 1] = word end
  table.sort(list, function(a, b)
    if totals[a] ~= totals[b] then return totals[a] > totals[b] end
    return a < b
  end)
  for i = 1, math.min(limit, #list) do list[i] = list[i] .. " " .. totals[list[i]] end
  return table.move(list, 1, math.min(limit, #list), 1, {})
end

return words
