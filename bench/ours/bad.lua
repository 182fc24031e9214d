-- A bad neighbour of the kind that is asked for.
local kinds = {}

function kinds.loop()
  while true do end
end

function kinds.eat()
  local all = {}
  while true do all[#all + 1] = ("x"):rep(1000) .. #all end
end

function kinds.recurse()
  local function deeper(n) return 1 + deeper(n + 1) end
  return deeper(1)
end

function kinds.bomb()
  return (("a"):rep(60)):find(("a*"):rep(30) .. "b")
end

function kinds.flood()
  while true do process.send(process.pid(), "more", 1) end
end

return { main = function(kind) return kinds[kind]() end }
