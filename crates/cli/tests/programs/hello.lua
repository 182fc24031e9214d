return { main = function(name) print("hello, " .. (name or "world")) end }
