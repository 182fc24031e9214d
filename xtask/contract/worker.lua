local function main()
  local inbox = process.inbox()
  while true do inbox:receive() end
end

return { main = main }
