-- Where a list with holes ends is not defined: any border will do. A border is 0 when there is no
-- first item, or the index of an item after which there is none.
local function check(t)
  local n = #t
  print((n == 0 or rawget(t, n) ~= nil) and rawget(t, n + 1) == nil)
  return t
end

check({})
check({ nil })
check({ nil, nil, 3 })
check({ 1, nil, 3 })
check({ n = 1, nil, 2 })
check({ [1] = 1, [2] = 2, [4] = 4 })

-- Removed at the end, in the middle, at the front.
local t = check({ 1, 2, 3, 4, 5, 6, 7, 8, 9 })
t[9] = nil check(t)
t[4] = nil check(t)
t[8] = nil check(t)
t[1] = nil check(t)
t[9] = 9 check(t)
t[1] = 1 check(t)
for i = 1, 9 do t[i] = nil check(t) end
for i = 9, 1, -1 do t[i] = i check(t) end

-- Moved out of reach.
check(table.move(check({ 3, 2, 1, x = 5 }), 4, 5, 0))
local moved = { 3, 2, 1, x = 5 }
table.move(moved, 4, 5, 0)
moved.method = print
-- {nil, 2, 1}: 0 and 3 are borders. PUC Lua has moved the items to the hash part meanwhile.
print(rawlen(moved))
check(moved)

-- A list without holes has one border only, however it came to be.
local list = {}
for i = 20, 1, -1 do list[i] = i end
print(#list)
for i = 20, 11, -1 do list[i] = nil end
print(#list)
list = table.move(list, 1, 10, 3)
print(#list)
