-- Waits for a message and fails.
return { main = function()
  process.inbox():receive()
  error("boom")
end }
