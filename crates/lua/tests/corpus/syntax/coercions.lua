-- Coercions between strings and numbers.
print("10" + 5, 5 + "10", "10" * "2", "3" - 1, "7" / 2, "7" // 2, "7" % 4, "2" ^ 3, -"5", - "-5", -" 5 ")
print("10.0" + 5, "0x10" + 1, "1e1" * 1, " \t10\n" + 0, "0x.8" + 0, "1e-2" + 0, "-0x10" + 0, "+5" + 0, "5e+0" + 0)
print(math.type("10" + 0), math.type("10." + 0), math.type("1e1" + 0), math.type("0x10" + 0), math.type("0x1p4" + 0))
print("9223372036854775807" + 0, "9223372036854775808" + 0, "-9223372036854775808" + 0, "0xffffffffffffffff" + 0, "0x1ffffffffffffffff" + 0)
print(1 .. "", 1.0 .. "", -0.0 .. "", 1e100 .. "", 2^63 .. "", 1/0 .. "", math.mininteger .. "", 0x10 .. "", 1e15 .. "", 0.1 .. "")
print(1 .. 2, 1.5 .. 2.5, "a" .. 1 .. 2.0, 1 .. "b" .. 2)
print(tostring(1e15), tostring(1e14), tostring(123456.789), tostring(-1.5e-10), tostring(3.0), tostring(1e16), tostring(100000000000000))
-- comparison never coerces
print(pcall(function() return 1 < "2" end)) print(pcall(function() return "1" < 2 end)) print(1 == "1", "1" ~= 1, ({ [1] = "int" })["1"])
-- failing arithmetic
for _, s in ipairs { "abc", "", " ", "10x", "1 0", "0x", "1e", "--1", "- 1", "1,5", "nan", "inf", "0x1g", "1_0", "\0001", "1\0" } do
  local ok, e = pcall(function() return s + 1 end)
  print(ok, e)
end
local up = "x"
print(pcall(function() return up * 2 end)) print(pcall(function() return 2 - up end)) print(pcall(function() return -up end)) print(pcall(function() return up .. nil end)) print(pcall(function() return {} + "1" end)) print(pcall(function() return "1" + {} end)) print(pcall(function() return "abc" + 1 end)) print(pcall(function() return "a" + "b" end)) print(pcall(function() return nil + "b" end)) print(pcall(function() return "10" // 0 end)) print(pcall(function() return "10" % "0" end))
-- functions that take numbers accept numeric strings
print(math.floor("3.7"), math.abs("-5"), ("x"):rep("3"), string.char("65", "66"), ("hello"):sub("2", "3"), math.max("10"), pcall(math.max, "10", 9)) print(select("2", "a", "b"))
print(string.format("%d %s %g", "10", 20, "1.5"), string.format("%d", 3.0), string.format("%d", "3.0"), string.format("%x", "255"), string.format("%5.1f", "2.25"))
print(pcall(string.format, "%d", 3.5)) print(pcall(string.format, "%d", "3.5")) print(pcall(string.format, "%d", "x"))
-- functions that take strings accept numbers
print(string.len(123), string.upper(1.5), string.rep(7, 3), (5 .. ""):rep(2), string.sub(12345, 2, 3), string.byte(1), string.reverse(123), string.find(12345, 34), string.gsub(1112, 1, 2))
print(table.concat({ 1, 2.5, "x" }, 0), tonumber("0x1F"), tonumber(" 12 "), tonumber("1e1"), #tostring(12), tostring(-0.0), tostring(1e300 * 1e10))
-- floats as table keys and array indices
local t = { "a", "b" } print(t[1.0], t[2.0], t["1"], rawget(t, 2^0), t[1.5])
t[3.0] = "c" t["3"] = "str" print(#t, t[3], t["3"], next({ [1.0] = 1 }), math.type(next({ [1.0] = 1 })), math.type(next({ [1.5] = 1 })), next({ [2^53] = 1 }))
-- float to integer conversion in for, string.rep, bitwise, indices
print(("ab"):rep(2.0), pcall(string.rep, "ab", 2.5)) print(1.0 | 2, pcall(function() return 1.5 | 2 end)) print(pcall(function() return "a" | 2 end)) print(pcall(string.char, 65.5)) print(2^31 | 0, 2^62 | 0, pcall(function() return 2^63 | 0 end)) print(pcall(function() return 1e100 | 0 end)) print(pcall(function() return (0/0) | 0 end)) print(pcall(function() return math.huge | 0 end)) print(pcall(function() return -math.huge & 1 end))
