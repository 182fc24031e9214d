-- Values that come out of a coroutine whose first function is a builtin, when there is no room for them.
local list = {}
for i = 1, 200 do list[i] = {} end
local sum = 0
for round = 1, 3000 do
  local junk = {}
  for i = 1, round % 37 do junk[i] = { i } end
  local resumer = coroutine.wrap(function()
    return select("#", coroutine.wrap(table.unpack)(list))
  end)
  sum = sum + resumer()
end
print(sum)
