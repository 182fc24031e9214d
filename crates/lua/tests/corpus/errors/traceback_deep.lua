-- Long tracebacks leave out their middle; the last line is the host's, "?" in both.
local function deep(n, level)
  if n == 0 then return (debug.traceback("at the end", level)) end
  local text = deep(n - 1, level)
  return text
end
for _, n in ipairs { 5, 17, 18, 19, 20, 21, 22, 100 } do print(n) print(deep(n)) end
print(deep(30, 4)) print(deep(30, 20)) print(deep(3, 0)) print(deep(3, 3)) print(deep(3, 4)) print(deep(3, 100))
-- the same of a coroutine that waits
local co = coroutine.create(function()
  local function down(n)
    if n == 0 then coroutine.yield() end
    down(n - 1)
  end
  down(40)
end)
coroutine.resume(co)
print(debug.traceback(co)) print(debug.traceback(co, "from level 5", 5)) print(debug.traceback(co, nil, 40)) print(debug.traceback(co, "nothing", 60))
-- what runs out of the stack, and what is caught far from where it was raised
local function message(n)
  if n == 0 then error("raised here") end
  message(n - 1)
  return n
end
print(xpcall(message, debug.traceback, 40))
