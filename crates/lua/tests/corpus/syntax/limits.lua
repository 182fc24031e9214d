-- Large functions: many constants, registers, upvalues, items, long jumps.
local function gen(n, f, sep) local t = {} for i = 1, n do t[i] = f(i) end return table.concat(t, sep or "\n") end
-- more constants than fit in one operand
local many = load("local t = {}\n" .. gen(1000, function(i) return ("t.k%d = 'v%d' t[%d] = %d.5"):format(i, i, i, i) end) .. "\nreturn t", "=consts")()
print(many.k1, many.k500, many.k1000, many[1], many[1000], #many)
print(load("local x = 0\n" .. gen(600, function(i) return ("x = x + %d.25"):format(i) end) .. "\nreturn x", "=k")())
print(load("local x, y = ...\n" .. gen(400, function(i) return ("if x == 'c%d' then return %d end"):format(i, i) end), "=k")("c399"))
print(#load("return " .. gen(150, function(i) return "'s" .. i .. "'" end, " .. "), "=k")())
print(#load("local s = '' " .. gen(500, function(i) return "s = s .. 'part" .. i .. "'" end) .. " return s", "=k")())
-- methods and fields with far constants
print(load("local o = {} " .. gen(300, function(i) return ("function o:m%d(x) return x + %d end"):format(i, i) end) .. " return o:m1(1), o:m299(1), o.m300(o, 1)", "=k")())
print(load(gen(300, function(i) return ("g%d = %d"):format(i, i) end) .. " return g1 + g299 + g300, _ENV.g300", "=k", "t", {})())
-- integers and floats around the sizes of immediate operands
for _, k in ipairs { 0, 1, -1, 127, 128, 129, -127, -128, -129, 255, 256, 257, 65535, 65536, -65535, -65536, 131071, 131072, 16777215, 16777216, 2147483647, 2147483648 } do
  local f = load(("local a = ... return a + %d, a - %d, %d + a, %d - a, a * %d, a == %d, a < %d, %d < a, a >= %d, %d, %d.0, a & %d, a | %d"):format(k, k, k, k, k, k, k, k, k, k, k, k, k), "=i")
  print(k, f(k)) print(k, f(k + 0.0))
end
-- long jumps
print(load("local n = 0 for i = 1, 3 do\n" .. gen(3000, function(i) return "n = n + 1" end) .. "\nend return n", "=j")())
print(load("local n, x = 0, ... while n < 5 do n = n + 1 if x then\n" .. gen(3000, function(i) return "x = x + 0" end) .. "\nelse x = 1 end end return n, x", "=j")())
print(load("local x = ... if x then " .. gen(2000, function(i) return "x = x + 1" end) .. " goto done end x = 'no' ::done:: return x", "=j")(0))
print(load("local a = ... return " .. gen(300, function(i) return "a" end, " and ") .. " and 'all'", "=j")(1))
print(load("local a = ... return " .. gen(300, function(i) return "a" end, " or ") .. " or 'none'", "=j")(nil))
-- big constructors
print(#load("return {" .. gen(5000, function(i) return i end, ",") .. "}", "=c")())
print(select("#", table.unpack(load("return {" .. gen(200, function(i) return "{" .. i .. "}" end, ",") .. "}", "=c")())))
local nested = load("return " .. ("{"):rep(150) .. "'x'" .. ("}"):rep(150), "=c")() for i = 1, 150 do nested = nested[1] end print(nested)
print(#load("local f = ... return {" .. gen(300, function(i) return "f(" .. i .. ")" end, ",") .. "}", "=c")(function(x) return x, x end))
-- many arguments, parameters, results
print(select("#", load("return " .. gen(240, function(i) return i end, ","), "=r")()))
print(load("local function f(" .. gen(150, function(i) return "p" .. i end, ",") .. ") return p1, p75, p150 end return f(" .. gen(150, function(i) return i end, ",") .. ")", "=p")())
print(load("local a = ... local " .. gen(150, function(i) return "v" .. i end, ",") .. " = a, a, a return v1, v3, v4, v150", "=p")(9))
-- other large things
print(load(gen(255, function(i) return "local u" .. i end):gsub("local u(%d+)", function(i) return tonumber(i) % 100 == 0 and "local function f" .. i .. "() local u" .. i or "local u" .. i end) .. "\nreturn function() return 1 end " .. ("end "):rep(2), "=lim") and "nested locals compile")
print((load("return " .. ("("):rep(190) .. "1" .. (")"):rep(190), "=lim")()))
print((load("local x = 1 return " .. ("-"):rep(0) .. ("- "):rep(180) .. "x", "=lim")()))
print(type(load(("do "):rep(180) .. ("end "):rep(180), "=lim")))
print((load("return function() return function() return function() return function() return 'deep' end end end end", "=lim")()()()()()))
print(#load("return '" .. ("x"):rep(100000) .. "'", "=lim")(), #load("return [[" .. ("y\n"):rep(5000) .. "]]", "=lim")())
print(load("local " .. ("n"):rep(1000) .. " = 'long name' return " .. ("n"):rep(1000), "=lim")())
