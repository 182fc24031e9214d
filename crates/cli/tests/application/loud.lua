local function main(greeting)
  local inbox = process.inbox()
  while true do print(greeting .. " " .. inbox:receive():payload()) end
end

return { main = main }
