return { main = function() channel.new():receive() end }
