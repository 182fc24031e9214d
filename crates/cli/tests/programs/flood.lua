return { main = function()
  while true do
    local ok, err = process.send(process.pid(), "more", 1)
    if not ok then error(err) end
  end
end }
