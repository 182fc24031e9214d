-- Calls with more values than a small distance between two frames can hold.
local t = {}
for i = 1, 100000 do t[i] = i end
local function wide() return table.unpack(t, 1, 100000) end
print(pcall(pcall, select, '#', wide()))
print(pcall(pcall, pcall, select, -1, wide()))
print(select('#', pcall(pcall, wide)))
print(select('#', coroutine.wrap(function(...) return select(2, pcall(pcall, pcall, coroutine.yield, ...)) end)(wide())))
do
  local function f() local x <close> = setmetatable({}, { __close = function() end }) return wide() end
  print(select('#', f()))
  local function g() local x <close> = setmetatable({}, { __close = function() error("in close") end }) return wide() end
  print(pcall(g))
  local function h() local x <close> = setmetatable({}, { __close = function() coroutine.yield("yielded") end }) return wide() end
  local co = coroutine.wrap(function() return select(-1, h()) end)
  print(co()) print(co())
end
print(xpcall(function(...) error("x") end, function(m) return m .. " handled" end, wide()))
print(pcall(function(...) local a = { ..., ... } return #a + nil end, table.unpack(t, 1, 70000)))
print(pcall(string.rep, wide()))
print(pcall(error, wide()))
print((pcall(setmetatable({}, { __call = function(self, ...) return select('#', ...) end }), wide())))
print(select('#', pcall(setmetatable({}, { __call = wide }), wide())))
local sum = 0
for k in pcall, select, '#' do sum = sum + 1 break end
print(sum, #table.pack(wide()), math.max(wide()))
