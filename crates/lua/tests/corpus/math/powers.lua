-- whole powers are the nearest doubles
for _, base in ipairs { 2, 3, 5, 7, 10, 13, 0.5, 1.1, -3, -1.5, 123.456, 1e10, 1e-5 } do
  for _, exponent in ipairs { 0, 1, 2, 3, 5, 16, 17, 20, -1, -2, -7, 31 } do
    print(string.format("%g^%d %a", base, exponent, base ^ exponent))
  end
end
print(13 ^ 16 >> 1, 3 ^ 33 | 0, (10 ^ 15) // 1 | 0, 7 ^ 18, 2 ^ 63 == math.maxinteger + 1.0)
print(10 ^ 22, 10 ^ 23, 10 ^ -22, 10 ^ 300, 10 ^ -300, 10 ^ 308, 10 ^ 309, 10 ^ -323, 10 ^ -324, 2 ^ -1074, 2 ^ 1023)
print(0 ^ 0, 0 ^ -1, (-0.0) ^ -1, (-0.0) ^ 3, (1/0) ^ 2, (-1/0) ^ 3, (1/0) ^ -3, 1 ^ (0/0), (-8) ^ (1/3) ~= (-8) ^ (1/3))
print("10" ^ 2, 2 ^ "3", 2 ^ 0.5, 1.0000001 ^ 1024, 0.9999999 ^ 1e9)
