-- Coroutines whose first function is one of the library that hands over to another one.
local proxy = setmetatable({}, {
  __index = function(_, i) if i < 400 then return "item " .. i end end,
  __len = function() return 399 end,
  __tostring = function() return "proxy" end,
  __pairs = function() return function() end, 1, 2 end,
})
local sum = 0
for round = 1, 60 do
  -- Garbage, so that collections fall everywhere.
  local garbage = {}
  for i = 1, round do garbage[i] = { i, tostring(i) } end
  sum = sum + #coroutine.wrap(table.concat)(proxy, ", ")
  sum = sum + select("#", coroutine.wrap(table.unpack)(proxy, 1, 10 * round % 250))
  sum = sum + #coroutine.wrap(tostring)(proxy)
  sum = sum + select("#", coroutine.wrap(pairs)(proxy))
  sum = sum + #coroutine.wrap(string.gsub)("a b c", "%a", function(c) return c .. round end)
  sum = sum + #coroutine.wrap(string.format)("%s %s", proxy, string.rep("x", round))
  sum = sum + select("#", coroutine.wrap(load(function() end)))
  local co = coroutine.create(table.sort)
  assert(coroutine.resume(co, { 3, 1, 2 }, function(a, b) return a < b end))
  local failing = coroutine.create(table.concat)
  local ok, message = coroutine.resume(failing, setmetatable({}, { __len = function() return 1 end }))
  sum = sum + #message
  sum = sum + #debug.traceback(failing)
end
print(sum > 0)
print(coroutine.resume(coroutine.create(table.concat), setmetatable({}, { __len = function() return 1 end })))
print(coroutine.resume(coroutine.create(coroutine.wrap(function(...) return select("#", ...), ... end)), 1, 2))
print(pcall(coroutine.wrap(table.concat), proxy, {}))
-- A word that looks like a function, where nobody may look for the caller of a first function.
local word = "\xff\xff\xff\x7f\x00\x00\xfe\xff"
for i = 1, 40 do
  local co = coroutine.create(function() return i end)
  local text = word .. word
  local ok, n = coroutine.resume(co)
  assert(ok and n == i and #text == 16)
end
