return { main = function()
  process.spawn("app:echo", "app:processes", "child")
  process.listen("never"):receive()
end }
