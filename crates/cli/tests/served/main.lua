-- What the tests of commands ask: it runs until it is asked to end.
return { main = function()
  assert(process.registry.register("main"))
  local events = process.events()
  print("ready")
  events:receive()
end }
