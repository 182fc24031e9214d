local nothing = require("nothing_of_that_name")
return { main = function() return nothing end }
