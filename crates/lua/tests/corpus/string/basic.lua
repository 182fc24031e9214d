-- len, sub, upper, lower, rep, reverse, byte, char and method syntax.
local s = "hello"
for _, p in ipairs { { 1 }, { 2 }, { 5 }, { 6 }, { 0 }, { -1 }, { -5 }, { -6 }, { -100 }, { 100 }, { 1, 1 }, { 1, 0 }, { 2, 3 }, { 2, -2 }, { -3, -2 }, { 3, 2 }, { 1, 100 }, { -100, 100 }, { 0, 0 }, { -1, 1 }, { -1, -5 }, { math.mininteger, math.maxinteger }, { math.maxinteger, math.mininteger }, { math.mininteger }, { math.maxinteger }, { 2.0, 3.0 }, { "2", "3" }, { 1, -1 }, { 1, math.mininteger }, { -2, math.maxinteger } } do
  print(p[1], p[2], "[" .. s:sub(p[1], p[2]) .. "]", select("#", s:byte(p[1], p[2] or p[1])), s:byte(p[1], p[2]))
end
print((""):sub(1), (""):sub(0, 10), #(""):sub(-1), ("x"):sub(2)) print(pcall(string.sub)) print(pcall(string.sub, "x")) print(pcall(string.sub, "x", 1.5)) print(pcall(string.sub, "x", 1, {})) print(("x"):sub(1, nil) == "x")
-- byte and char
print(("A"):byte(), ("ABC"):byte(2), ("ABC"):byte(-1), ("ABC"):byte(1, -1)) print((""):byte(), select("#", (""):byte()), select("#", ("abc"):byte(10))) print(("\0\255"):byte(1, 2)) print(string.char(), #string.char(), string.char(72, 105), string.char(0, 255):byte(1, 2)) print(string.char(65.0, "66")) print(pcall(string.char, 256)) print(pcall(string.char, -1)) print(pcall(string.char, 65, 300)) print(pcall(string.char, 65, "x")) print(pcall(string.char, 1.5)) print(pcall(string.char, {})) print(pcall(string.byte)) print(pcall(string.byte, "abc", "x"))
local all = {} for i = 0, 255 do all[i + 1] = i end local allc = string.char(table.unpack(all)) print(#allc, allc:byte(1), allc:byte(256), select("#", allc:byte(1, -1)))
-- case
print(("Hello World 123 ÀÉ"):upper(), ("Hello World 123"):lower(), (""):upper(), ("ß"):upper() == "ß") print(#allc:upper(), (allc:upper():gsub("[^A-Z]", "")), (allc:lower():gsub("[^a-z]", "")))
-- rep
print(("ab"):rep(3), ("ab"):rep(0), ("ab"):rep(-5), ("ab"):rep(1), ("ab"):rep(3, "-"), ("ab"):rep(1, "-"), ("ab"):rep(0, "-"), (""):rep(10), (""):rep(3, ","), ("x"):rep(3, ""), ("x"):rep(2, "long sep")) print(#(""):rep(1000), #("x"):rep(100000), (("x"):rep(3.0))) print(pcall(string.rep, "x", 1 << 62)) print(pcall(string.rep, "xx", math.maxinteger)) print(pcall(string.rep, "x", 1.5)) print(pcall(string.rep)) print(pcall(string.rep, "x")) print(pcall(string.rep, "x", 2, {}))
-- reverse, len
print(("abc"):reverse(), (""):reverse(), ("a"):reverse(), ("a\0b"):reverse() == "b\0a", #"")
