-- Ends with an error of a kind.
return { main = function(kind) return nil, errors.new{ message = "as asked", kind = kind } end }
