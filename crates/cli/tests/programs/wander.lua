-- Work that comes and goes, so that shards hand processes to each other; each sleep has to end
-- wherever its process has got to.
local NAPPERS = 40

return { main = function()
  local self = process.pid()
  for _ = 1, NAPPERS do assert(process.spawn("app:napper", "app:processes", self)) end
  local inbox = process.inbox()
  for _ = 1, NAPPERS do inbox:receive() end
  print("all awake")
end }
