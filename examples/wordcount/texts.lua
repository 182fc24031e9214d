-- Text to count when there is none: the same on every machine, and like real text in that a few
-- words are very common and most are rare (the word of rank r comes up 1/r as often as the first).

local FILES = 24
local WORDS_PER_FILE = 40000
local VOCABULARY = 3000
local LINE_BYTES = 72

local COMMON = [[the of and to in a is that for it as was with be by on not he his but at are this have from
or had an they which one you were all her she there would their we him been has when who will no more if out
so up said what its about than into them can only other time new some could these two may first then do any
like my now over such our man me even most made after also did many off before must through years where much]]

local SYLLABLES = {
  "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi",
  "yo", "zu", "bran", "cler", "drin", "flos", "grun", "plat", "sten", "trim", "vork", "shul",
}

-- Whole numbers only, so that no machine rounds differently.
local function generator(seed)
  local state = seed * 2654435769 + 1
  return function(limit)
    state = state * 6364136223846793005 + 1442695040888963407
    return (state >> 33) % limit
  end
end

local function vocabulary()
  local words, seen = {}, {}
  for word in COMMON:gmatch("%a+") do
    words[#words + 1] = word
    seen[word] = true
  end
  local random = generator(1)
  while #words < VOCABULARY do
    local parts = {}
    for i = 1, 2 + random(3) do parts[i] = SYLLABLES[1 + random(#SYLLABLES)] end
    local word = table.concat(parts)
    if not seen[word] then
      words[#words + 1] = word
      seen[word] = true
    end
  end
  return words
end

-- A deck of words to draw from: each as often as its rank deserves.
local function make_deck()
  local deck = {}
  for rank, word in ipairs(vocabulary()) do
    for _ = 1, math.max(1, VOCABULARY // rank) do deck[#deck + 1] = word end
  end
  return deck
end

local function capital(word)
  return word:sub(1, 1):upper() .. word:sub(2)
end

local texts = {}

-- The names of all texts. `poison.txt` is the one that workers crash on.
function texts.names()
  local names = {}
  for i = 1, FILES do names[i] = string.format("text%02d.txt", i) end
  table.insert(names, 5, "poison.txt")
  return names
end

local deck

-- The text of a name: about 220 KB of sentences in lines.
function texts.generate(name)
  if name == "poison.txt" then
    return "A worker that reads this crashes on purpose, so that you can see it being replaced.\n"
  end
  deck = deck or make_deck()
  local random = generator(100 + tonumber(name:match("%d+")))
  local lines, line, bytes, left = {}, {}, 0, 0
  for _ = 1, WORDS_PER_FILE do
    local word = deck[1 + random(#deck)]
    if left == 0 then
      word, left = capital(word), 6 + random(15)
    end
    left = left - 1
    if left == 0 then word = word .. "." end
    if bytes + #word > LINE_BYTES then
      lines[#lines + 1] = table.concat(line, " ")
      line, bytes = {}, 0
    end
    line[#line + 1] = word
    bytes = bytes + #word + 1
  end
  lines[#lines + 1] = table.concat(line, " ")
  return table.concat(lines, "\n") .. ".\n"
end

return texts
