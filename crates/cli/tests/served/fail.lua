return { main = function()
  process.listen("go"):receive()
  error("boom")
end }
