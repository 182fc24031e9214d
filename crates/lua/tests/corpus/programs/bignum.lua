-- Arbitrary precision integers in base 10^7.
local BASE, WIDTH = 10000000, 7
local Big = {}
Big.__index = Big
local function norm(r) while #r > 1 and r[#r] == 0 do r[#r] = nil end if #r == 1 and r[1] == 0 then r.neg = false end return setmetatable(r, Big) end
local function big(v)
  if getmetatable(v) == Big then return v end
  local s = type(v) == "number" and ("%d"):format(v) or v
  local sign, digits = s:match "^([+-]?)0*(%d+)$"
  if not digits then error("not an integer: " .. tostring(v), 2) end
  local r = { neg = sign == "-" }
  for i = #digits, 1, -WIDTH do r[#r + 1] = tonumber(digits:sub(math.max(1, i - WIDTH + 1), i)) end
  return norm(r)
end
local function cmpabs(a, b)
  if #a ~= #b then return #a < #b and -1 or 1 end
  for i = #a, 1, -1 do if a[i] ~= b[i] then return a[i] < b[i] and -1 or 1 end end
  return 0
end
local function addabs(a, b)
  local r, carry = {}, 0
  for i = 1, math.max(#a, #b) do
    local s = (a[i] or 0) + (b[i] or 0) + carry
    r[i], carry = s % BASE, s // BASE
  end
  if carry > 0 then r[#r + 1] = carry end
  return r
end
local function subabs(a, b)
  local r, borrow = {}, 0
  for i = 1, #a do
    local s = a[i] - (b[i] or 0) - borrow
    r[i], borrow = s % BASE, s < 0 and 1 or 0
  end
  return r
end
Big.__add = function(a, b)
  a, b = big(a), big(b)
  local r
  if a.neg == b.neg then r = addabs(a, b) r.neg = a.neg
  elseif cmpabs(a, b) >= 0 then r = subabs(a, b) r.neg = a.neg
  else r = subabs(b, a) r.neg = b.neg end
  return norm(r)
end
Big.__unm = function(a) local r = table.move(a, 1, #a, 1, { neg = not a.neg }) return norm(r) end
Big.__sub = function(a, b) return big(a) + -big(b) end
Big.__mul = function(a, b)
  a, b = big(a), big(b)
  local r = { neg = a.neg ~= b.neg }
  for i = 1, #a + #b do r[i] = 0 end
  for i = 1, #a do
    local carry = 0
    for j = 1, #b do
      local s = a[i] * b[j] + r[i + j - 1] + carry
      r[i + j - 1], carry = s % BASE, s // BASE
    end
    r[i + #b] = r[i + #b] + carry
  end
  return norm(r)
end
local function divsmall(a, d)
  local r, rem = { neg = a.neg }, 0
  for i = #a, 1, -1 do
    local cur = rem * BASE + a[i]
    r[i], rem = cur // d, cur % d
  end
  return norm(r), rem
end
Big.__idiv = function(a, d) if d == 0 then error("division by zero", 2) end return (divsmall(big(a), d)) end
Big.__mod = function(a, d) return (select(2, divsmall(big(a), d))) end
Big.__pow = function(a, n) local r = big(1) a = big(a) while n > 0 do if n % 2 == 1 then r = r * a end n = n // 2 if n > 0 then a = a * a end end return r end
Big.__eq = function(a, b) return a.neg == b.neg and cmpabs(a, b) == 0 end
Big.__lt = function(a, b) a, b = big(a), big(b) if a.neg ~= b.neg then return a.neg end local c = cmpabs(a, b) if a.neg then c = -c end return c < 0 end
Big.__le = function(a, b) return not (b < a) end
Big.__tostring = function(a) local t = { (a.neg and "-" or "") .. a[#a] } for i = #a - 1, 1, -1 do t[#t + 1] = ("%07d"):format(a[i]) end return table.concat(t) end
Big.__len = function(a) error "use rawlen" end
Big.__len = nil
Big.__concat = function(a, b) return tostring(a) .. tostring(b) end
print(big(0), big "-0", big "000123", big(-5), big(math.maxinteger), big "123456789012345678901234567890")
local a, b = big "123456789012345678901234567890", big "987654321098765432109876543210"
print(a + b, a - b, b - a, a * b, -a, a - a, a + 1, 1 + a, a * 0, -a * -b, -a * b)
print(a < b, a > b, a <= a, a == big(tostring(a)), a ~= b, -a < a, -b < -a, a < 5, big(3) < 5, big(5) <= 5)
local f = big(1) for i = 1, 60 do f = f * i if i % 10 == 0 then print(i .. "!", f) end end
print(big(2) ^ 64, big(2) ^ 200, big(3) ^ 100, big(10) ^ 30 - 1, big(7) ^ 0)
local x, y = big(0), big(1) for i = 1, 300 do x, y = y, x + y end print(x)
print(a // 7, a % 7, b // 1000, b % 1000, (a // 7) * 7 + a % 7 == a, big(2) ^ 100 // 3)
print(pcall(big, "12x")) print(pcall(big, "")) print(pcall(function() return a // 0 end)) print("<" .. a .. ">", a .. b)
local sum = 0 for d in tostring(big(2) ^ 1000):gmatch "%d" do sum = sum + d end print(sum, #tostring(big(2) ^ 1000))
local e = big(10) ^ 60 local term, total = e, e for i = 1, 60 do term = term // i total = total + term end print(tostring(total):sub(1, 50))
local list = { big "5", big "-3", big "100000000000000", big "0", big "-99999999999" } table.sort(list) for i, v in ipairs(list) do list[i] = tostring(v) end print(table.concat(list, " "))
