local function inner() error("the tank is empty") end
local function outer() inner() end
return { main = outer }
