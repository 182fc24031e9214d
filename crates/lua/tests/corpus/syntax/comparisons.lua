-- Comparisons between integers, floats and strings, at the limits.
local max, min, huge, nan = math.maxinteger, math.mininteger, math.huge, 0/0
local function cmp(a, b)
  return a < b, a <= b, a > b, a >= b, a == b, a ~= b
end
local cases = {
  { 1, 2 }, { 2, 1 }, { 1, 1 }, { 1, 1.0 }, { 1, 1.5 }, { 2, 1.5 }, { -1, -1.5 }, { -1, -0.5 }, { 0, -0.0 }, { 0.0, -0.0 },
  { max, huge }, { min, -huge }, { max, -huge }, { min, huge }, { max, 2^63 }, { min, -2^63 }, { max, 2^62 }, { max - 1, 2^63 },
  { max, max + 0.0 }, { min, min + 0.0 }, { min + 1, min + 0.0 }, { 2^53 | 0, 2^53 }, { (2^53 | 0) + 1, 2^53 }, { (2^53 | 0) + 1, 2^53 + 2 },
  { -(2^53 | 0) - 1, -2^53 }, { 1, nan }, { nan, nan }, { nan, 1.5 }, { max, nan }, { huge, huge }, { -huge, huge }, { max, 1e308 }, { min, -1e308 },
  { max, 9223372036854774784.0 }, { max - 1024, 9223372036854774784.0 }, { min, -9223372036854777856.0 }, { 3, 3.0000000000000004 }, { 3, 2.9999999999999996 },
}
for _, c in ipairs(cases) do
  print("->", cmp(c[1], c[2]))
  print("<-", cmp(c[2], c[1]))
end
for _, c in ipairs { { "a", "b" }, { "a", "a" }, { "a", "A" }, { "", "a" }, { "", "" }, { "abc", "abd" }, { "abc", "ab" }, { "a\0b", "a\0c" }, { "a\0", "a" },
    { "10", "9" }, { "Z", "a" }, { "a b", "ab" }, { "0", "" }, { "\0", "" }, { "x\0y", "x" } } do
  print(#c[1], #c[2], cmp(c[1], c[2]))
end
-- == between different types is false without error
print(1 == "1", "1" == 1, nil == false, 0 == false, "" == false, {} == {}, print == print, nil == nil)
print(1 ~= "1", nil ~= false, {} ~= {}, print ~= type, 0 ~= -0)
local t = {}
local u = t
print(t == u, t == {}, rawequal(t, u), rawequal(1, 1.0), rawequal("a", "a"), rawequal(nan, nan))
local s1, s2 = ("x"):rep(100), ("x"):rep(50) .. ("x"):rep(50)
print(s1 == s2, s1 < s2, s1 <= s2, s1 == s2 .. "y")
-- as conditions
local function sign(x) if x < 0 then return "neg" elseif x > 0 then return "pos" elseif x == 0 then return "zero" else return "nan" end end
print(sign(-1), sign(1), sign(0), sign(-0.0), sign(nan), sign(huge), sign(min), sign(5e-324))
print(not (1 < nan), not (nan < 1), not (nan == nan), not (1 >= nan))
if nan < 1 then print "lt" elseif nan > 1 then print "gt" elseif nan == 1 then print "eq" else print "unordered" end
if not (nan < 1) then print "not lt" end
if not (1 <= nan) then print "not le" end
if not (nan >= 1) then print "not ge" end
if nan ~= nan then print "ne" end
