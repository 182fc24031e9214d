-- Memoization with varargs, function composition, currying, lazy streams, partial application.
local NIL = {}
local function memoize(f)
  local root, stats = {}, { calls = 0, misses = 0 }
  return function(...)
    stats.calls = stats.calls + 1
    local node = root
    for i = 1, select("#", ...) do
      local k = (select(i, ...))
      if k == nil then k = NIL end
      node[k] = node[k] or { }
      node = node[k]
    end
    if not node[memoize] then
      stats.misses = stats.misses + 1
      node[memoize] = table.pack(f(...))
    end
    return table.unpack(node[memoize], 1, node[memoize].n)
  end, stats
end
local add, stats = memoize(function(...) local s = 0 for i = 1, select("#", ...) do s = s + (select(i, ...) or 0) end return s, select("#", ...), nil end)
print(add(1, 2, 3)) print(add(1, 2, 3)) print(add(1, 2)) print(add()) print(add(nil, 5)) print(add(nil, 5)) print(add(1, 2, 3, nil)) print(select("#", add(1))) print(stats.calls, stats.misses)
local fib fib, stats = memoize(function(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end) print(fib(80), stats.calls, stats.misses)
local binom binom = memoize(function(n, k) if k == 0 or k == n then return 1 end return binom(n - 1, k - 1) + binom(n - 1, k) end) print(binom(30, 15), binom(52, 5), binom(10, 0))
local paths = memoize(function(self, x, y) if x == 0 or y == 0 then return 1 end return self(self, x - 1, y) + self(self, x, y - 1) end) print(paths(paths, 10, 10))
local fail fail, stats = memoize(function(x) if x < 0 then error("negative", 0) end return x end) print(pcall(fail, -1)) print(pcall(fail, -1)) print(fail(1), stats.misses)
-- composition and currying
local function compose(...) local fs = table.pack(...) return function(...) local r = table.pack(...) for i = fs.n, 1, -1 do r = table.pack(fs[i](table.unpack(r, 1, r.n))) end return table.unpack(r, 1, r.n) end end
print(compose(function(x) return x + 1 end, function(a, b) return a * b end)(3, 4), compose()(1, nil, 3)) print(compose(string.upper, string.reverse, tostring)(12.5), compose(select, function() return 2, "a", "b", "c" end)())
local function curry(f, n) local function go(args, k) return function(...) local a = { table.unpack(args, 1, k) } local m = k for i = 1, select("#", ...) do m = m + 1 a[m] = (select(i, ...)) end if m >= n then return f(table.unpack(a, 1, m)) end return go(a, m) end end return go({}, 0) end
local sum3 = curry(function(a, b, c) return a + b + c end, 3) print(sum3(1)(2)(3), sum3(1, 2)(3), sum3(1)(2, 3), sum3(1, 2, 3)) local inc = sum3(0, 1) print(inc(5), inc(10))
local function partial(f, ...) local pre = table.pack(...) return function(...) local a = table.pack(...) local all = table.move(a, 1, a.n, pre.n + 1, table.move(pre, 1, pre.n, 1, {})) return f(table.unpack(all, 1, pre.n + a.n)) end end print(partial(string.format, "%s-%s-%s", "x")("y", "z"), partial(math.max)(3, 9, 2), partial(select, "#", nil)(nil, nil))
local flip = function(f) return function(a, b, ...) return f(b, a, ...) end end print(flip(string.rep)(3, "ab"), flip(function(a, b) return a - b end)(1, 10))
-- lazy streams
local function cons(h, t) return { head = h, tail = t } end local function force(s) if type(s.tail) == "function" then s.tail = s.tail() end return s.tail end local function from(n) return cons(n, function() return from(n + 1) end) end local function take(s, n) local out = {} while s and n > 0 do out[#out + 1] = s.head n = n - 1 if n > 0 then s = force(s) end end return table.concat(out, " ") end local function smap(f, s) return cons(f(s.head), function() return smap(f, force(s)) end) end local function sfilter(p, s) while not p(s.head) do s = force(s) end return cons(s.head, function() return sfilter(p, force(s)) end) end local function szip(f, a, b) return cons(f(a.head, b.head), function() return szip(f, force(a), force(b)) end) end
print(take(from(1), 5)) print(take(smap(function(x) return x * x end, from(1)), 8)) print(take(sfilter(function(x) return x % 3 == 0 end, from(1)), 6)) local function sieve(s) return cons(s.head, function() return sieve(sfilter(function(x) return x % s.head ~= 0 end, force(s))) end) end print(take(sieve(from(2)), 15)) local fibs fibs = cons(0, function() return cons(1, function() return szip(function(a, b) return a + b end, fibs, force(fibs)) end) end) print(take(fibs, 20)) local evals = 0 local counted = smap(function(x) evals = evals + 1 return x end, from(1)) take(counted, 5) take(counted, 5) print(evals)
-- church numerals, trampolines, function tables
local zero = function(f) return function(x) return x end end local succ = function(n) return function(f) return function(x) return f(n(f)(x)) end end end local plus = function(a, b) return function(f) return function(x) return a(f)(b(f)(x)) end end end local times = function(a, b) return function(f) return a(b(f)) end end local toint = function(n) return n(function(x) return x + 1 end)(0) end local two = succ(succ(zero)) local three = succ(two) print(toint(zero), toint(plus(two, three)), toint(times(three, plus(two, three))), toint(two(three)))
local function trampoline(f, ...) local r = table.pack(f(...)) while type(r[1]) == "function" do r = table.pack(r[1](table.unpack(r, 2, r.n))) end return table.unpack(r, 1, r.n) end local function even(n) if n == 0 then return true end return function() return function(n) if n == 0 then return false end return even, n - 1 end, n - 1 end end print(trampoline(even, 1000), trampoline(even, 1001))
local dispatch = setmetatable({ add = function(a, b) return a + b end, neg = function(a) return -a end }, { __index = function(_, k) return function(...) return "no " .. k .. "/" .. select("#", ...) end end }) print(dispatch.add(1, 2), dispatch.neg(5), dispatch.foo(1, 2, 3), dispatch["x y"]()) local debounce do local last debounce = function(v) if v == last then return nil end last = v return v end end local seen = {} for _, v in ipairs { 1, 1, 2, 2, 2, 3, 1 } do seen[#seen + 1] = debounce(v) end print(table.concat(seen, " "))
