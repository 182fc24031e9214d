-- Results and errors go through many frames of built-in functions, and coroutines, at once.
local all = {}
for i = 1, 60 do all[i] = pcall end
all[#all + 1] = function(...) return select("#", ...), "end" end
local through = table.pack(pcall(table.unpack(all)))
print(through.n, through[1], through[through.n - 1], through[through.n])

-- PUC Lua gives up at some 200 coroutines within each other.
local function nested(count, innermost, body)
  local f = innermost
  for _ = 1, count do f = body(f) end
  return f
end
local function wrapped(f) return coroutine.wrap(function() return f() end) end
local function resumed(f) return function() return select(2, coroutine.resume(coroutine.create(f))) end end
local function called_by_pcall(f) local w = coroutine.wrap(pcall) return function() return w(f) end end
for _, body in ipairs { wrapped, resumed, called_by_pcall } do
  print(select("#", pcall(nested(60, function() return 1, 2 end, body))))
  print(select(-1, pcall(nested(60, function() error({ "x" }) end, body))) ~= nil)
end
