-- `coroutine.close` of a coroutine that waits inside `xpcall`: that call is over, and its handler with
-- it, so what fails in the `__close` methods is passed on as it was raised.
local function closer(name, act)
  return setmetatable({}, { __close = function(_, err)
    print(name, err)
    if act == "error" then error("raised in " .. name, 0) end
    if act == "yield" then coroutine.yield(name) end
  end })
end

local function handler(err) return "handled: " .. tostring(err) end

local function waits(catch, inner, middle)
  local co = coroutine.create(function()
    local o <close> = closer("outer")
    print("caught", catch(function()
      local m <close> = closer("middle", middle)
      local i <close> = closer("inner", inner)
      coroutine.yield("waits")
    end))
  end)
  print(coroutine.resume(co))
  return co
end

local function with_handler(f) return xpcall(f, handler) end

for _, catch in ipairs { pcall, with_handler } do
  -- Nothing fails.
  print("close", coroutine.close((waits(catch))))
  -- The inner one fails; those around it hear of it.
  print("close", coroutine.close((waits(catch, "error"))))
  print("close", coroutine.close((waits(catch, "error", "error"))))
end

-- It waits in a `__close` while an error is on its way: closing it is no error, whatever was.
for _, catch in ipairs { pcall, with_handler } do
  local co = coroutine.create(function()
    local o <close> = closer("outer")
    print("caught", catch(function()
      local m <close> = closer("middle")
      local i <close> = closer("inner", "yield")
      error("on its way", 0)
    end))
  end)
  print(coroutine.resume(co))
  print("close", coroutine.close(co))
end
