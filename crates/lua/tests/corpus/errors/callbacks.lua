-- Functions of the library that the library calls go by their own names, and their errors have no position.
print(pcall(table.sort, { 1, {} }, string.len))
print(pcall(table.sort, { 1, 2 }, rawlen))
print(pcall(table.sort, { 1, 2, 3 }, math.ult))
print(pcall(function() return table.sort({ {}, {} }, string.rep) end))
print(pcall(string.gsub, "a", "a", string.rep))
print(pcall(function() return string.gsub("a", "a", setmetatable) end))
print(pcall(function() return ("a"):gsub("a", math.floor) end))
print(pcall(function() return tostring(setmetatable({}, { __tostring = string.rep })) end))
-- A pattern that is malformed without anything special in it.
print(pcall(string.gsub, "0", ")", function() end))
print(pcall(string.gsub, "0", ")", {}))
-- A table is asked for the first capture only.
print(pcall(string.gsub, "0", "()(", {}))
print(pcall(string.gsub, "a0", "(a)(", { a = "x" }))
print(pcall(string.gsub, "0", "(", {}))
print(pcall(string.gsub, "0", "()(", print))
-- What is called while an error is on its way, and else.
local closable = setmetatable({}, { __close = 5 })
print(pcall(function() local x <close> = closable end))
print(pcall(function() local x <close> = closable error("e") end))
print(pcall(function() local x <close> = closable return 5 end))
print(pcall(coroutine.wrap(function() local x <close> = closable error("w", 0) end)))
