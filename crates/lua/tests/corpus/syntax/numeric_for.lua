-- The numeric for at every edge.
local function run(limit, a, b, c)
  local out, n = {}, 0
  local ok, e = pcall(function()
    if c == nil then
      for i = a, b do n = n + 1 if n > limit then break end out[#out + 1] = tostring(i) end
    else
      for i = a, b, c do n = n + 1 if n > limit then break end out[#out + 1] = tostring(i) end
    end
  end)
  print(ok and n or e, table.concat(out, " "))
end
local max, min, huge = math.maxinteger, math.mininteger, math.huge
run(10, 1, 3) run(10, 3, 1) run(10, 1, 1) run(10, 1, 0) run(10, -2, 2)
run(10, 10, 1, -3) run(10, 1, 10, 3) run(10, 1, 10, -1) run(10, 5, 5, -1)
run(10, 1.0, 3) run(10, 1, 3.0) run(10, 1, 3.7) run(10, 1, 2.999) run(10, 1, 3, 1.0) run(10, 1.5, 4)
run(20, 0, 1, 0.25) run(20, 1, 0, -0.25) run(20, 0.0, 1, 0.1) run(10, 1.0, -1.0, -0.5)
run(5, max - 2, max) run(5, min + 2, min, -1) run(5, max, max) run(5, min, min) run(5, max - 1, max, 2) run(5, min, max, max) run(5, max, min, min)
run(5, max - 3, huge) run(5, min + 3, -huge, -1) run(3, 1, huge) run(3, 1, -huge) run(3, -1, huge, -1) run(3, -1, -huge, -1) run(3, min, max)
run(3, 1, max + 0.0) run(3, max, max + 0.0) run(3, max, 2^53) run(3, min, -2^63) run(3, min, -1e300, -1) run(3, min, -1e300)
run(5, 1, 0/0) run(5, 1, 0/0, -1) run(5, 1.0, 0/0) run(5, 0.0, 3, 0/0)
run(5, 1, 10, max) run(5, -1, -10, min) run(5, 1, 10, 2^53) run(5, huge, 1, -1) run(3, -huge, 1) run(3, 1, 3, huge)
run(5, 1, 10, 0) run(5, 1, 10, 0.0) run(5, 1.0, 10, 0) run(5, 10, 1, 0) run(5, 1, 10, -0.0)
run(5, "1", 2) run(5, 1, "2") run(5, 1, 2, "1") run(5, nil, 2) run(5, 1, nil) run(5, {}, 2) run(5, 1, {}) run(5, 1, 2, {}) run(5, 1.5, "x") run(5, 1, true) run(5, 1.5, 2, print)
-- step given literally
for i = 3, 1, -1 do print("down", i) end
for i = 1, 3, 2 do print("up", i) end
for i = 1, 0 do print("never") end
for i = 1, 0.5 do print("never") end
for i = 1.0, 2 do print("float", i) end
-- bounds are evaluated once, in order
local log = {}
local function v(n, x) log[#log + 1] = n return x end
for i = v("start", 1), v("limit", 3), v("step", 1) do log[#log + 1] = i end
print(table.concat(log, " "))
local lim = 3
for i = 1, lim do lim = 10 log = i end
print(log, lim)
-- the control variable is a copy: assigning it does not change the loop
for i = 1, 3 do local j = i i = i * 10 print("assigned", j, i) end
-- fresh variable per iteration
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 100 return i end end
print(fs[1](), fs[2](), fs[3](), fs[1]())
-- break and nesting
for i = 1, 3 do
  for j = i, 3 do
    if j == 2 then break end
    print("nest", i, j)
  end
end
-- the variable is not visible outside
i = "global i"
for i = 1, 1 do end
print(i)
local i = "outer"
for i = i == "outer" and 1 or 5, 2 do print("inner", i) end
print(i)
-- multiple results only adjust
local function two() return 1, 2 end
for k = two(), 2 do print("k", k) end
-- function with return inside
local function find(t, x) for i = 1, #t do if t[i] == x then return i end end return nil end
print(find({ 5, 6, 7 }, 6), find({ 5, 6, 7 }, 8))
local s = 0
for a = 1, 10 do for b = a, 10 do for c = b, 10 do if a * a + b * b == c * c then s = s + 1 print("triple", a, b, c) end end end end
print(s)
