-- Raises while it is loaded.
local settings = nil
print(settings.colour)
