return { main = function(parent, name) process.send(parent, "greeting", "hello, " .. name) end }
