-- Operators with constants on either side, small and large (folding and immediate operands).
local i, f, n = 7, 2.5, -9
print(i + 1, 1 + i, i - 1, 1 - i, i * 3, 3 * i, i / 2, 2 / i, i // 2, 20 // i, i % 4, 30 % i, i ^ 2, 2 ^ i)
print(f + 1, 1 + f, f - 1, 1 - f, f * 3, 3 * f, f / 2, 5 / f, f // 1, 7 // f, f % 1, 7 % f, f ^ 2, 2 ^ f)
print(n + 1.5, 1.5 + n, n - 0.5, 0.5 - n, n * 1.5, n / 4.0, n // 4.0, n % 4.0, n ^ 2.0)
print(i + 127, i + 128, i + 129, i - 127, i - 128, i - 129, i + 1000000, i - 1000000, i + -1, i - -1)
print(i & 3, 3 & i, i | 8, 8 | i, i ~ 5, 5 ~ i, i << 2, 2 << i, i >> 1, 1024 >> i, i << -1, i >> -1)
print(i & 0xffff0000, i | 0x100000000, i ~ -1, n & 255, n | 1, n ~ 1, n >> 60, n << 60, n >> 1)
print(i < 8, 8 > i, i <= 7, 7 >= i, i > 6, 6 < i, i >= 8, 8 <= i, i == 7, 7 == i, i ~= 7, i == 7.0, i == "7")
print(f < 3, 3 > f, f <= 2.5, f >= 2, f > 2, 2 < f, f == 2.5, f ~= 2.5, f == 2, f < 2.6, f > 200, f < 1000000)
print(i < 127, i < 128, i > -127, i > -128, i <= -129, i >= -129, i == 1000000, i < 1e100, i > -1e100)
-- all folded
print(1 + 2, 3 - 5, 4 * 5, 7 / 2, 7 // 2, 7 % 3, 2 ^ 10, 5 & 6, 5 | 6, 5 ~ 6, 1 << 10, 1024 >> 3, -5, ~5, not 5)
print(1.5 + 2, 1 - 0.5, 2 * 0.5, 1 // 0.3, 5.5 % 2, 0.0 / 1, -0.0, 3.0 & 1, 2.0 << 1, "10" + 5, "3" * "4")
print(9223372036854775807 + 1, -9223372036854775807 - 2, 9223372036854775807 * 2, -(-9223372036854775807 - 1))
print(1 // 0.0, -1 // 0.0, 1 % math.huge, -1 % math.huge, 1 % -math.huge, 0.0 // 1, -0.0 // 1)
-- not folded because they fail
print(pcall(function() return 1 // 0 end))
print(pcall(function() return 1 % 0 end))
print(pcall(function() return 1.5 & 1 end))
print(pcall(function() return 2 ^ 63 | 0 end))
print(pcall(function() return 1 << 0.5 end))
print(pcall(function() return -{} end))
print(pcall(function() return ~"a" end))
print(pcall(function() return i // 0 end))
print(pcall(function() return i % 0 end))
print(pcall(function() return f & 1 end))
print(pcall(function() return 1 | f end))
print(0/0 ~= 0/0, 1/0, -1/0, 0.0 == -0.0, 1/(0.0) == 1/(-0.0))
local s = "10"
print(s + 1, 1 + s, s * "2", s / 4, s // 3, s % 3, s ^ 2, -s, s .. 1, 1 .. s)
print("0x10" + 0, "1e1" + 0, " 5 " + 0, "5." + 0, ".5" + 0, "0x.8p1" * 1, "-3" - 0, "9223372036854775808" + 0)
print(math.type("10" + 0), math.type("10.0" + 0), math.type("10" // 1))
-- compound statements with upvalues and fields as operands
local t = { x = 3, y = 4.5, "e" }
local function up() i = i + 1; t.x = t.x * 2; t.y = t.y - 1; t[1] = t[1] .. "z"; return i, t.x, t.y, t[1] end
print(up()) print(up())
print(#t + 1, -t.x, ~t.x, not t.q, #t[1])
-- strings are coerced by arithmetic, not by bitwise operators
print(pcall(function() return "3" | 0 end))
print(pcall(function() return 1 << s end))
print(pcall(function() return ~"7" end))
print(pcall(function() return t[1] & 1 end))
