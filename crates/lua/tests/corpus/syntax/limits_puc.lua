-- Limits of PUC's own compiler: 200 locals, 255 upvalues, 255 registers, 200 levels of nesting.
-- A VM with larger limits of its own may list this file as a known difference.
local function gen(n, f, sep) local t = {} for i = 1, n do t[i] = f(i) end return table.concat(t, sep or "\n") end
local src = {}
for i = 1, 200 do src[#src + 1] = "local v" .. i .. " = " .. i end
src[#src + 1] = "local v201 = 1"
print(load(table.concat(src, "\n"), "=l"))
print(load("local function f()\n" .. table.concat(src, "\n") .. "\nend", "=l"))
print((load("return " .. ("("):rep(1000) .. "1" .. (")"):rep(1000), "=l")))
print(load("local " .. gen(201, function(i) return "v" .. i end, ","), "=lim"))
local parts = {} for l = 0, 2 do parts[#parts + 1] = "local " .. gen(100, function(i) return "u" .. l .. "_" .. i end, ",") .. "\nlocal function f" .. l .. "()" end
print(load(table.concat(parts, "\n") .. "\nreturn " .. gen(300, function(i) return "u" .. (i - 1) // 100 .. "_" .. (i - 1) % 100 + 1 end, "+") .. (" end"):rep(3), "=lim"))
print((pcall(load, ("x = "):rep(1) .. ("{"):rep(300) .. ("}"):rep(300), "=lim")), (load("x = " .. ("{"):rep(300) .. ("}"):rep(300), "=lim")))
print(load("f(" .. gen(260, function(i) return i end, ",") .. ")", "=lim"))
