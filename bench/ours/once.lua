-- Tells its parent and ends.
return { main = function(parent) process.send(parent, "done") end }
