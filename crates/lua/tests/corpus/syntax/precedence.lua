-- Precedence and associativity of operators.
print(1 + 2 * 3, (1 + 2) * 3, 2 * 3 + 1, 10 - 4 - 3, 2 - -2)
print(2 ^ 3 ^ 2, (2 ^ 3) ^ 2, -2 ^ 2, 2 ^ -1, -2 ^ -2)
print(7 // 2 * 2, 7 % 4 * 3, 100 / 10 / 2, 2 * 7 % 4)
print("a" .. "b" .. "c", 1 .. 2 .. 3, "x" .. 1 + 2)
print(1 .. 2 == "12", "a" .. "b" == "ab", 1 + 1 .. "")
print(not nil == true, not (nil == true), not 1 == 2, not not 1)
print(1 < 2 == true, 1 == 1 ~= false, "a" < "b" == (2 > 1))
print(1 or 2 and nil, (1 or 2) and nil, nil and 1 or 2, false or nil, nil or false, nil and false, false and nil)
print(1 and 2 or 3 and 4, nil and 2 or 3 and 4, 1 and nil or false)
print(5 & 3 | 8, 5 | 3 & 8, 5 ~ 3 & 1, 5 ~ 3 | 4, 1 | 2 ~ 3)
print(1 << 2 + 1, (1 << 2) + 1, 1 << 2 << 3, 256 >> 2 >> 1)
print(5 & 3 == 1 and "and" or "no", pcall(load "return 5 & (3 == 1)"))
print(~5, ~~5, -~5, ~-5, - -5, not -5, -"2", #"abc" + 1, -#"abc", #"a" .. "b")
print(2 * -3, 2 ^ -3 ^ 2, -3 % 5, -(3 % 5), -3 ^ 2 % 5)
print(3 .. -2, "a" .. -1, 2 - 1 .. 1 + 1)
print(1 < 2 and 2 < 3, 1 < 2 or error "never", false and error "never")
print(1 + 1 == 2, 1 << 1 == 2, 3 & 2 == 2 and true, "1" + 1 == 2, 1 == "1")
print(8 // 3 ^ 2, 8 % 3 ^ 2, -8 // 3, -(8 // 3))
print(#"abc" == 3, not #"abc", - - -1, not not nil, ~ ~ ~1)
-- order of evaluation as far as values are concerned: each operand once
local log = {}
local function v(x) log[#log + 1] = tostring(x) return x end
local r = v(1) + v(2) * v(3) - v(4)
print(r, table.concat(log, " "))
log = {}
r = v("a") .. v("b") .. v("c")
print(r, table.concat(log, " "))
log = {}
r = v(false) or v(nil) or v(0) and v("last") or v("never")
print(r, table.concat(log, " "))
log = {}
r = v(2) ^ v(3) ^ v(2)
print(r, table.concat(log, " "))
log = {}
r = { v(1), v(2), [v(3)] = v(4), x = v(5), v(6) }
print(#r, r.x, table.concat(log, " "))
log = {}
print(v(1) < v(2), v(1) > v(2), v(1) <= v(2), v(1) >= v(2), table.concat(log, " "))
-- logical operators in conditions and as values
local a, b = nil, 5
local x = a and a.field or b
local y = not a and b
local z = (a or b) and (b or a)
local w = a == nil and (b > 3 and "big" or "small") or "none"
print(x, y, z, w)
print(a == nil or a.x, b ~= nil and b, not (a and b), not a or not b)
if not a and b or a then print("then") else print("else") end
if a and b or not b then print("then") else print("else") end
if (a or b) and not (a and b) then print("xor") end
while a or b do b = nil end
repeat local q = 3 until q == 3 and not a
print(a, b)
print(1 and {} ~= nil, nil == false, 0 and "zero is true", "" and "empty is true")
