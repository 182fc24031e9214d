-- What a type is called is bytes, as every string is.
local named = setmetatable({}, {__name = "\xff:\0x"})
print((tostring(named):gsub("0x%x+$", "ADDRESS"):gsub("[^%g ]", function(c) return "\\" .. c:byte() end)))
print((("%s"):format(named):gsub("0x%x+$", "ADDRESS"):gsub("[^%g ]", function(c) return "\\" .. c:byte() end)))
print(("%p"):format(named) == tostring(named):match("0x%x+$"), ("%p"):format(1), ("%p"):format(nil))
print(("%5s|%-7s|%.2s"):format(nil, true, false))
print((debug.traceback("\xff"):gsub("\n.*", ""):byte(1, -1)))

-- Strings have a length that an int of C can say.
print(pcall(string.rep, "aa", 1 << 30))
print(#string.rep("", 1000), pcall(string.rep, "", math.maxinteger, "a"))
print(pcall(string.rep, "a", math.maxinteger), pcall(string.rep, "ab", 1 << 62, "cd"))

-- Keys far apart.
local apart, less = {}, {}
for i = 0, 60 do apart[1 << i], less[(1 << i) - 1] = i, i end
local sum = 0
for key, value in pairs(apart) do sum = sum + value; assert(key == 1 << value) end
for key, value in pairs(less) do sum = sum + value; assert(key == (1 << value) - 1) end
print(#apart, sum)
