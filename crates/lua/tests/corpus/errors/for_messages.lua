-- Which of several mistakes of a numeric loop is reported.
local function try(start, limit, step)
  print(pcall(function() for i = start, limit, step do return i end end))
end
local t = {}
try(1, t, 0) try(1.0, t, 0) try(1, t, 0.0) try("1", t, 0) try(1, t, "0") try(1, "", 0) try(1, "x", 1)
try(t, t, 0) try(t, t, t) try(1, t, t) try(t, 1, t) try(t, 1, 1) try(1, 2, t) try(1, 2, "0") try(1, 2, 0.0)
try(1, 2, 0) try(1, 2, -0.0) try("2", "3") try("a", 3, 1) try(nil, 1, 1) try(1, nil, 1) try(1, 2, false)
try(math.mininteger, t, 0) try(math.maxinteger, "5", 0) try(1, 0 / 0, 0) try(1, math.huge, 0)
print(pcall(function() for i = 1, 2, 0 do end end))
print(pcall(function() for i = 1, t, 0 do end end))
