return { main = function()
  local ok, err = process.send(process.pid(), "work", { 1, { handlers = { on_done = print } } })
  if not ok then error(err) end
end }
