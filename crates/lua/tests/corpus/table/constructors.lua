-- Constructors with nil among their items: # and what relies on it finds the last item.
local function count(...) return #{ ... } end
print(count(), count(nil), count(1), count(nil, 0), count(nil, nil, 3), count(1, nil, 3), count(nil, 2, nil, 4))
print(#{ nil, 0 }, #{ nil, nil, 3 }, #{ 1, nil, 3 })
print(table.unpack({ (function(...) return ... end)(nil, 0) }))
local function fields(...) local t = { x = 1, ... } return #t, t.x, select('#', table.unpack(t)) end
print(fields(nil, 0)) print(fields(nil, nil, nil, 4)) print(fields())
local function keyed(...) local t = { [2] = "two", [9] = "nine", ... } return t[1], t[2], t[9], #t end
print(keyed(1)) print(keyed(nil, 2, 3))
print(table.remove({ (function() return nil, 0 end)() }))
print(table.concat({ (function() return "a", "b", nil end)() }, ","))
local function pass(...) local args = { ... } return table.unpack(args) end
print(pass(nil, nil, "last")) print(pass(false, nil, 7)) print(select('#', pass(nil, nil, nil)))
local wide = { n = 1, (function() return nil, table.unpack({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }) end)() }
print(#wide, wide[1], wide[11], wide.n)
wide[#wide + 1] = "more" print(#wide, wide[12])
local count = 0 for k, v in pairs(wide) do count = count + 1 end print(count)
-- the message of operators on strings knows nothing of __name
print(pcall(function() return "a" + setmetatable({}, { __name = "Mine" }) end))
print(pcall(function() return setmetatable({}, { __name = "Mine" }) .. {} end))
