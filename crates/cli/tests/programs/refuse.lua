return { main = function() return nil, "no such customer" end }
