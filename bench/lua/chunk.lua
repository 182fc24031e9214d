-- Runs one chunk of this directory so many times and prints its checksum:
-- lua5.4 chunk.lua DIRECTORY NAME TIMES.
local chunk = assert(loadfile(arg[1] .. "/" .. arg[2] .. ".lua"))
local checksum
for _ = 1, math.tointeger(tonumber(arg[3])) do checksum = chunk() end
print(checksum)
