-- The generic for: iterators, state, the closing value.
for i, v in ipairs { "a", "b", "c" } do print(i, v) end
for k, v in pairs { x = 1 } do print(k, v) end
for k, v in next, { 10 } do print(k, v) end
local function range(n)
  return function(s, c) c = c + 1 if c <= s then return c, c * c end end, n, 0
end
for a, b in range(3) do print("range", a, b) end
-- one, two, many variables
local function many() local n = 0 return function() n = n + 1 if n < 3 then return n, "b", "c", "d" end end end
for a in many() do print(a) end
for a, b, c, d, e in many() do print(a, b, c, d, e) end
-- iteration stops at nil only, false goes on
local vals, pos = { false, 0, "" }, 0
for x in function() pos = pos + 1 return vals[pos] end do print("val", x) end
-- callable object as iterator
local it = setmetatable({ n = 3 }, { __call = function(self, s, c) self.n = self.n - 1 if self.n >= 0 then return self.n end end })
for x in it do print("call", x) end
-- control variable is a copy
for i, v in ipairs { 1, 2, 3 } do local j = i i = nil v = nil print(j, i, v) end
-- closures capture fresh variables
local fs = {}
for k, v in ipairs { "x", "y" } do fs[#fs + 1] = function() v = v .. k return v end end
print(fs[1](), fs[1](), fs[2]())
-- closing value
local function closer(name) return setmetatable({}, { __close = function(_, e) print("close", name, e) end }) end
local function iter(n, name) local i = 0 return function() i = i + 1 if i <= n then return i end end, nil, nil, closer(name) end
for i in iter(2, "normal") do print("body", i) end
for i in iter(5, "break") do if i == 2 then break end end
local function ret() for i in iter(5, "return") do if i == 2 then return "returned", i end end end
print(ret())
print(pcall(function() for i in iter(5, "error") do error("oops", 0) end end))
do
  for i in iter(5, "goto") do if i == 3 then goto out end end
  ::out::
  print("after goto")
end
for i in iter(2, "outer") do for j in iter(1, "inner") do print("nest", i, j) end end
-- the iterator fails
print(pcall(function() for x in function() error("in iterator", 0) end, nil, nil, closer("failing") do end end))
-- nil and false closing values are ignored, others are errors
for i in iter(1, "x") do end
for x in function() end, nil, nil, nil do end
for x in function() end, nil, nil, false do end
print(pcall(function() for x in function() end, nil, nil, 42 do end end))
print(pcall(function() for x in function() end, nil, nil, {} do end end))
-- not callable
print(pcall(function() for x in nil do end end))
print(pcall(function() for x in 42 do end end))
print(pcall(function() for x in {} do end end))
print(pcall(function() local t = {} for k, v in t do end end))
print(pcall(function() for k, v in pairs(nil) do end end))
print(pcall(function() for k, v in ipairs() do end end))
-- gmatch and nested generic loops
for k, v in ("a=1,b=2"):gmatch("(%w)=(%w)") do print(k, v) end
-- string.gmatch gives extra control values
for w in string.gmatch("one two", "%a+") do print(w) end
-- more than four values are dropped
for x in (function() local done return function() if not done then done = true return 1 end end, 1, 2, nil, 5, 6 end)() do print("x", x) end
-- while and repeat for comparison
local n = 3
while n > 0 do local m = n n = n - 1 if m == 2 then goto continue end print("while", m) ::continue:: end
repeat local done = n >= 2 n = n + 1 until done
print(n)
while true do n = n + 1 if n > 10 then break end end
print(n)
repeat until true
while false do end
