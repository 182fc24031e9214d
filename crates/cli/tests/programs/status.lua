return { main = function(status) return math.tointeger(tonumber(status)) end }
