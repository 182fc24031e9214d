-- Ends at once.
return { main = function() end }
