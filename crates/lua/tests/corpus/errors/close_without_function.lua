-- What is to close is no function, or a built-in one, while an error is on its way: the handler is asked about each failure.
local function to_close(close) return setmetatable({}, { __close = close }) end
local function own(name, result)
  return to_close(function(_, e) print("close", name, e) if result then error(result, 0) end end)
end

local function try(name, f)
  print(name, xpcall(f, function(e) print("handler", e) return "handled: " .. tostring(e) end))
  print(name, pcall(f))
end

try("number", function() local a <close> = own("a") local b <close> = to_close(0) error("x", 0) end)
try("number, no error", function() local a <close> = own("a") local b <close> = to_close(0) end)
try("built-in", function() local a <close> = own("a") local b <close> = to_close(string.rep) error("x", 0) end)
try("error", function() local a <close> = own("a") local b <close> = to_close(error) error("x", 0) end)
try("several", function()
  local a <close> = own("a", "of a") local b <close> = to_close(true) local c <close> = own("c", "of c")
  local d <close> = to_close(string.rep) local e <close> = own("e")
  error("x", 0)
end)
try("in a loop", function()
  for i = 1, 3 do local a <close> = own(i) local b <close> = to_close(i) if i == 2 then error(i, 0) end end
end)

-- Handlers that fail themselves, about failures of what closes.
print(pcall(xpcall, function() local a <close> = to_close(0) error("x", 0) end, function(e) print("handler", e) return end))
print(xpcall(function() local a <close> = to_close(0) local b <close> = to_close(1) error("x", 0) end, string.upper))

-- In coroutines.
local co = coroutine.create(function() local a <close> = own("a") local b <close> = to_close(0) error("x", 0) end)
print(coroutine.resume(co))
print(coroutine.close(co))
local wrapped = coroutine.wrap(function() local a <close> = own("a") local b <close> = to_close(0) error("x", 0) end)
print(xpcall(wrapped, function(e) print("handler", e) return "handled: " .. tostring(e) end))
local waits = coroutine.create(function()
  return xpcall(function() local a <close> = own("a") local b <close> = to_close(0) coroutine.yield() error("x", 0) end,
    function(e) print("handler", e) return "handled: " .. tostring(e) end)
end)
print(coroutine.resume(waits)) print(coroutine.resume(waits))

-- Built-in handlers that fail.
print(xpcall(string.format, string.rep, "%")) print(xpcall(function() string.format("%") end, string.format))
print(xpcall(function() error("x") end, setmetatable)) print(xpcall(function() error() end, string.rep))
print(xpcall(function() local t = {} t.x.y = 1 end, function(e) string.rep(e, {}) end))
