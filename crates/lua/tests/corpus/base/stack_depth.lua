-- Deep recursion, deep data, many arguments, long strings.
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end print(depth(10), depth(1000), depth(10000), depth(100000))
local function mutual_a(n) if n == 0 then return "a" end local r = (n % 2 == 0 and mutual_a or depth)(n - 2 >= 0 and n - 2 or 0) return r end print(mutual_a(5000))
local function tail(n) if n == 0 then return "tail" end return tail(n - 1) end print(tail(1000000))
local function count(n, ...) if n == 0 then return select("#", ...) end return count(n - 1, n, ...) end print(count(200))
-- deep in a coroutine
print(coroutine.wrap(function() return depth(10000) end)())
-- deep data structures
local list = nil for i = 1, 100000 do list = { next = list } end local c = 0 while list do c = c + 1 list = list.next end print(c) local nest = {} local cur = nest for i = 1, 50000 do cur[1] = {} cur = cur[1] end collectgarbage() cur = nest c = 0 while cur[1] do cur = cur[1] c = c + 1 end print(c)
-- many arguments and results
local args = {} for i = 1, 10000 do args[i] = i end print(select("#", table.unpack(args)), math.max(table.unpack(args)), #{ table.unpack(args) }) print((select(10000, table.unpack(args)))) local function va(...) return select("#", ...), (select(select("#", ...), ...)) end print(va(table.unpack(args))) print(#string.char(table.unpack((function() local t = {} for i = 1, 5000 do t[i] = 65 end return t end)()))) print(pcall(table.unpack, {}, 1, 1e7)) print(#table.concat(args, ","), #table.pack(table.unpack(args)))
-- string building
local s = {} for i = 1, 10000 do s[#s + 1] = "line " .. i end s = table.concat(s, "\n") print(#s) local acc = "" for i = 1, 2000 do acc = acc .. "x" end print(#acc) print(#("x"):rep(1000000), #(("ab"):rep(100000, ",")))
