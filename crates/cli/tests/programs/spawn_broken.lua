-- A neighbour that does not parse disturbs only whoever uses it.
return { main = function()
  local pid, err = process.spawn("app:syntax", "app:processes")
  print(pid, err)
end }
