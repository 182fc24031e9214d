-- Keys that somebody has chosen so that a hash known to everybody is the same for all of them: they are
-- keys like any other.
local multiplier = 0x9E3779B97F4A7C15
local inverse = multiplier
for _ = 1, 6 do inverse = inverse * (2 - multiplier * inverse) end
print(multiplier * inverse)

local keys, number = {}, 0
while #keys < 400 do
  number = number + 1
  local word = number * inverse
  local float = math.ult(word, 0x7FF0000000000000) and string.unpack('d', string.pack('j', word))
  if float and math.type(float) == 'float' and not math.tointeger(float) then keys[#keys + 1] = float end
end
local t = {}
for i, key in ipairs(keys) do t[key] = i end
local function sum() local s, n = 0, 0 for _, v in pairs(t) do s, n = s + v, n + 1 end return s, n end
print(sum())
for i, key in ipairs(keys) do assert(t[key] == i) end

-- They come and go, among others.
for i = 1, #keys, 2 do t[keys[i]] = nil end
print(sum())
for i = 1, 200 do t['a longer name ' .. i] = i t[i << 40] = i t[(1 << 62) + (i << 50)] = i t[i + 0.5] = i end
print(sum())
local name = 'a longer name '
for i = 1, 200 do assert(t[name .. i] == i and t[i << 40] == i and t[i + 0.5] == i) end
for k, v in pairs(t) do t[k] = v + 1 end
print(sum())
for i = 1, #keys do t[keys[i]] = nil end
print(sum())

-- Objects beside them, which move.
local objects = {}
for i = 1, 50 do objects[i] = {} t[objects[i]] = i end
for i, key in ipairs(keys) do t[key] = i end
collectgarbage()
for i, object in ipairs(objects) do assert(t[object] == i) end
for i, key in ipairs(keys) do assert(t[key] == i) end
for k in pairs(t) do t[k] = nil end
print(next(t))
