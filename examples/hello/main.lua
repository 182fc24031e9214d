-- A process that starts another one, hears from it, and sees it end.
local function main(name)
  local child = process.spawn_monitored("app:greeter", "app:processes", process.pid(), name or "world")
  print(process.inbox():receive():payload())
  local exit = process.events():receive()
  print(exit.from == child and "and it has ended" or "somebody else has ended")
end

return { main = main }
