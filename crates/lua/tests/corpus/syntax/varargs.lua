-- Varargs, select, adjustment of results.
local function va(...) return select("#", ...), ... end
print(va()) print(va(nil)) print(va(1, nil, nil)) print(va(1, 2, 3))
local function first(...) local a = ... return a end
local function two(...) local a, b = ... return a, b end
local function mid(a, ...) return a, select("#", ...), (...) end
print(first(), first(1, 2)) print(two()) print(two(1)) print(two(1, 2, 3))
print(mid()) print(mid(1)) print(mid(1, 2)) print(mid(1, 2, 3))
local function pass(...) return ... end
local function paren(...) return (...) end
print(pass(1, 2, 3)) print(paren(1, 2, 3)) print(paren()) print((pass()))
print(pass(1, 2), pass(3, 4)) print(pass(), 1) print(1, pass())
print((pass(1, 2)))
local function tail(...) return pass("x", ...) end
print(tail()) print(tail(1, nil))
local function tab(...) local t = { ... } local u = { n = select("#", ...), ... } return #t, u.n end
print(tab()) print(tab(1, 2)) print((select(2, tab(nil, nil))))
print(select("#")) print(select("#", nil)) print(select("#", nil, nil))
print(select(1, "a", "b", "c")) print(select(2, "a", "b", "c")) print(select(4, "a", "b", "c")) print(select(-1, "a", "b", "c")) print(select(-3, "a", "b", "c"))
print(select("2", "a", "b")) print(select(2.0, "a", "b"))
print(pcall(select, 0, 1)) print(pcall(select, -4, 1, 2, 3)) print(pcall(select)) print(pcall(select, "x")) print(pcall(select, 1.5)) print(pcall(select, {}))
-- varargs in expressions
local function sum(...) local s = 0 for i = 1, select("#", ...) do s = s + (select(i, ...)) end return s end
print(sum(), sum(1), sum(1, 2, 3), sum(table.unpack({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })))
local function cat(...) return ... .. "!" end
print(cat("a", "b"), pcall(cat))
local function cond(...) if ... then return "yes" else return "no" end end
print(cond(), cond(false), cond(1), cond(nil, 1))
local function loop(...) for i, v in ipairs { ... } do io_out = (io_out or "") .. i .. v end return io_out end
print(loop("a", "b"))
local function nestedv(...)
  local a = { ... }
  local f = function(...) return #a, select("#", ...), ... end
  return f(1, ...)
end
print(nestedv("p", "q"))
print(load("return ...", "=c")(1, 2), (load("local a, b = ... return b, a", "=c")(1, 2)))
print(load("function f() return ... end", "=c"))
print(select("#", load("return ...", "=c")()))
-- many
local big = {}
for i = 1, 200 do big[i] = i end
print(select("#", table.unpack(big)), (select(200, table.unpack(big))), sum(table.unpack(big)))
print(#{ table.unpack(big) }, #{ table.unpack(big), 1 }, #{ 1, table.unpack(big) })
print(select("#", pass(table.unpack(big, 1, 150))), select("#", tail(table.unpack(big, 1, 150))))
print(select("#", table.unpack({}, 1, 10)), select("#", table.unpack({ nil, 2 }, 1, 2)))
-- string.format and others with multiple results in the middle
print(string.format("%d %d %d", 1, pass(2, 3))) print(math.max(pass(1, 5, 3)), math.max(pass(1, 5), 3))
-- recursion over varargs
local function rev(...) if select("#", ...) == 0 then return end local h = ... local t = table.pack(rev(select(2, ...))) t.n = t.n + 1 t[t.n] = h return table.unpack(t, 1, t.n) end
print(rev(1, 2, 3, 4))
local function count(n, ...) if n == 0 then return select("#", ...) end return count(n - 1, n, ...) end
print(count(0), count(5), count(60))
-- parameters missing or in excess
local function p(a, b, c) return a, b, c end
print(p()) print(p(1)) print(p(1, 2, 3, 4)) print(p(nil, 2))
-- methods take self before varargs
local o = {} function o:m(...) return self == o, select("#", ...), ... end
print(o:m()) print(o:m(1, 2)) print(o.m(o, 3)) print(o.m(nil, 3))
local function named(...) local x, y <const> = ... return x, y end
print(named(1, 2))
