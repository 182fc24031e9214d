-- A message handler that fails is asked again, about its own failure.
print(xpcall(error, function(m) if type(m) == "table" then error("x", 0) end return "h:" .. m end, {}))
print(xpcall(error, function(m) error(m) end, 1))
print(xpcall(error, function(m) error {} end, 1))
print(xpcall(error, function(m) return m.x.y end, 1))
print(xpcall(error, table.insert, 1))
print(xpcall(error, string.rep, {}))
print(xpcall(error, error, {}))
print(xpcall(error, print, 5))
local n = 0
print(xpcall(error, function(m) n = n + 1 if n < 10 then error("again " .. n, 0) end return m end, 1), n)
-- Handlers within handlers.
print(xpcall(function()
  local count = 0
  return xpcall(error, function(m)
    count = count + 1
    if count < 4 then print("inner", m) end
    error("from the inner", 0)
  end, "first")
end, function(m) print("outer", m) return m end))
-- What a handler protects is its own business.
print(xpcall(error, function(m) return select("#", pcall(error, m)) end, 1))
-- Closing while a handler's error is on its way.
print(xpcall(function()
  local x <close> = setmetatable({}, { __close = function(_, e) print("close", e) end })
  error("e", 0)
end, function(m) if m == "e" then error("h", 0) end return m .. "!" end))
