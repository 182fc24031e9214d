-- Signs in // and %, shifts and wrap-around.
for _, p in ipairs { { 7, 3 }, { -7, 3 }, { 7, -3 }, { -7, -3 }, { 6, 3 }, { -6, 3 }, { 6, -3 }, { 0, 5 }, { 0, -5 }, { 1, 7 }, { -1, 7 } } do
  local a, b = p[1], p[2]
  print(a, b, a // b, a % b, (a // b) * b + a % b == a)
  local x, y = a + 0.0, b + 0.0
  print(x, y, x // y, x % y, math.fmod(x, y), math.fmod(a, b))
end
for _, p in ipairs { { 5.5, 2 }, { -5.5, 2 }, { 5.5, -2 }, { -5.5, -2 }, { 5, 0.0 }, { -5, 0.0 }, { 5, -0.0 }, { 5, math.huge },
    { -5, math.huge }, { 5, -math.huge }, { -5, -math.huge }, { 0.0, math.huge }, { 1e308, 1e-308 } } do
  print(p[1], p[2], p[1] // p[2], p[1] % p[2] == p[1] % p[2] and p[1] % p[2] or "nan")
end
local function nan(x) return x ~= x end
print(nan(5 % 0.0), nan(math.huge % 2), nan(0/0 // 1), nan(math.huge // math.huge), nan(math.huge % math.huge))
local min, max = math.mininteger, math.maxinteger
print(min // -1, min % -1, max // -1, max % -1, min // 1, min % 1, min // min, min % min, max // min, max % min, min // max, min % max)
print(min // 2, max // 2, min % 2, max % 2, min % 10, max % 10, min // 10, max // 10)
print(max + 1 == min, min - 1 == max, max * 2, min * 2, -min == min, max * max, min * min, min * -1)
print(math.type(max + 1), max + 1.0, min - 1.0, max + 0.0 == 2^63, min + 0.0 == -2^63)
-- shifts
print(1 << 0, 1 << 1, 1 << 62, 1 << 63, 1 << 64, 1 << 65, 1 << 1000, 1 << -1, 1 << -64)
print(-1 >> 0, -1 >> 1, -1 >> 63, -1 >> 64, -1 >> 65, -1 >> -1, -1 >> -63, -1 >> -64, -1 << 63, -1 << 64)
print(min >> 63, min >> 62, max << 1, max >> 62, 1 << max, 1 << min, 1 >> min, 1 >> max, 2 >> 1.0)
local function shl(a, b) return a << b end
local function shr(a, b) return a >> b end
for _, n in ipairs { 0, 1, 31, 32, 33, 62, 63, 64, 65, -1, -62, -63, -64, -65, max, min } do
  print(n, shl(1, n), shr(1, n), shl(-1, n), shr(-1, n))
end
-- bitwise on all kinds of operands
print(5.0 & 3, 5 | 2.0, 5 ~ 1, ~5.0, ~0, ~min == max, 0xF0 & 0x3C, 0xF0 | 0x3C, 0xF0 ~ 0x3C)
print(-1 & 0xff, -1 | 0, -2 ~ -1, min & max, min | max, min ~ max, 2^53 | 0, -2^63 | 0)
-- float powers and division are always floats
print(4 / 2, 2 ^ 2, 2 ^ 0.5, 0 ^ 0, 0.0 ^ -1, (-8) ^ (1 / 3) ~= (-8) ^ (1 / 3), (-2) ^ 3, (-2) ^ 2, 10 ^ 2, 10 ^ -2, 2 ^ 1023 * 2)
print(1 / 2, 3 // 2.0, 3 % 2.0, 3.5 // 1, -3.5 // 1, 3.0 // 1, 3 // 1, 1e15 // 1, 7 // 0.5)
