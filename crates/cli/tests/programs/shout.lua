-- Prints without end, whatever anybody asks.
return { main = function()
  print("ready")
  while true do print(("x"):rep(10000)) end
end }
