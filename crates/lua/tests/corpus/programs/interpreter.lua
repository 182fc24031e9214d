-- A small Lisp interpreter and a stack machine: closures, tail calls, environments by metatables.
local function read(src)
  local toks = {}
  for t in src:gsub(";[^\n]*", ""):gsub("[()']", " %0 "):gmatch "%S+" do toks[#toks + 1] = t end
  local i = 0
  local function form()
    i = i + 1
    local t = toks[i]
    if t == nil then error("unexpected end", 0) elseif t == ")" then error("unexpected )", 0)
    elseif t == "'" then return { "quote", form(), n = 2 }
    elseif t == "(" then
      local l = { n = 0 }
      while toks[i + 1] ~= ")" do l.n = l.n + 1 l[l.n] = form() end
      i = i + 1
      return l
    end
    return tonumber(t) or t == "#t" and true or t ~= "#f" and t
  end
  local forms = {}
  while i < #toks do forms[#forms + 1] = form() end
  return forms
end
local function show(v)
  if type(v) == "table" then local o = {} for i = 1, v.n do o[i] = show(v[i]) end return "(" .. table.concat(o, " ") .. ")" end
  if type(v) == "function" then return "<procedure>" end
  if v == true then return "#t" elseif v == false then return "#f" elseif v == nil then return "nil" end
  return tostring(v)
end
local function env(parent) return setmetatable({}, { __index = parent, parent = parent }) end
local function fold(f) return function(a, ...) for i = 1, select("#", ...) do a = f(a, (select(i, ...))) end return a end end
local global = env {
  ["+"] = fold(function(a, b) return a + b end), ["*"] = fold(function(a, b) return a * b end), ["-"] = function(a, b) if b == nil then return -a end return a - b end, ["/"] = function(a, b) return a / b end, ["="] = function(a, b) return a == b end, ["<"] = function(a, b) return a < b end,
  list = function(...) return { n = select("#", ...), ... } end, car = function(l) if l.n == 0 then error("car of ()", 0) end return l[1] end, cdr = function(l) return { n = l.n - 1, table.unpack(l, 2, l.n) } end, cons = function(h, t) return { n = t.n + 1, h, table.unpack(t, 1, t.n) } end, ["null?"] = function(l) return l.n == 0 end, length = function(l) return l.n end, ["not"] = function(x) return not x end, display = function(...) local o = table.pack(...) for i = 1, o.n do o[i] = show(o[i]) end print("  " .. table.concat(o, " ")) end,
}
local eval
local special = {
  quote = function(x) return x[2] end,
  ["if"] = function(x, e) if eval(x[2], e) ~= false then return eval(x[3], e) elseif x.n > 3 then return eval(x[4], e) end end,
  define = function(x, e) if type(x[2]) == "table" then local name = x[2][1] rawset(e, name, eval({ n = x.n, "lambda", { n = x[2].n - 1, table.unpack(x[2], 2, x[2].n) }, table.unpack(x, 3, x.n) }, e)) else rawset(e, x[2], eval(x[3], e)) end end,
  ["set!"] = function(x, e) while e and rawget(e, x[2]) == nil do e = getmetatable(e) and getmetatable(e).parent end if not e then error("unbound " .. x[2], 0) end rawset(e, x[2], eval(x[3], getmetatable(e) and e or global)) end,
  lambda = function(x, e) return function(...) local inner = env(e) for i = 1, x[2].n do rawset(inner, x[2][i], (select(i, ...))) end for i = 3, x.n - 1 do eval(x[i], inner) end return eval(x[x.n], inner) end end,
  let = function(x, e) local inner = env(e) for i = 1, x[2].n do rawset(inner, x[2][i][1], eval(x[2][i][2], e)) end local r for i = 3, x.n do r = eval(x[i], inner) end return r end,
  begin = function(x, e) for i = 2, x.n - 1 do eval(x[i], e) end return eval(x[x.n], e) end,
  ["and"] = function(x, e) local v = true for i = 2, x.n do v = eval(x[i], e) if v == false then return v end end return v end,
}
function eval(x, e)
  if type(x) == "string" then local v = e[x] if v == nil then error("unbound " .. x, 0) end return v
  elseif type(x) ~= "table" then return x end
  local s = special[x[1]]
  if s then return s(x, e) end
  local f, args = eval(x[1], e), { n = x.n - 1 }
  if type(f) ~= "function" then error("not a procedure: " .. show(f), 0) end
  for i = 2, x.n do args[i - 1] = eval(x[i], e) end
  return f(table.unpack(args, 1, args.n))
end
local function run(src)
  local ok, e = pcall(function() for _, f in ipairs(read(src)) do local v = eval(f, global) if v ~= nil then print(show(v)) end end end)
  if not ok then print("error: " .. tostring(e):gsub("^.-:%d+: ", "")) end
end
run "(+ 1 2 (* 3 4)) (- 5) (/ 7 2) '(a b (c 1.5)) (if (< 1 2) 'yes 'no) (if #f 1)"
run "(define (fact n) (if (< n 2) 1 (* n (fact (- n 1))))) (fact 10) (fact 20)"
run "(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 15)"
run "(define (map f l) (if (null? l) '() (cons (f (car l)) (map f (cdr l))))) (map (lambda (x) (* x x)) '(1 2 3 4))"
run "(define (make-counter) (let ((n 0)) (lambda () (set! n (+ n 1)) n))) (define c1 (make-counter)) (c1) (c1) (c1) ((make-counter))"
run "(define (loop n acc) (if (= n 0) acc (loop (- n 1) (+ acc n)))) (loop 2000 0)"
run "(define compose (lambda (f g) (lambda (x) (f (g x))))) ((compose car cdr) '(1 2 3)) (let ((x 2) (y 3)) (display x y (list x y)) (* x y)) (and 1 2) (and 1 #f 2) fact"
run "(undefined 1)" run "(car '())" run "(1 2)" run "(" run ")" run "(set! nope 1)" run "(+ 1 'a)" run "(begin (define z 5) (set! z (* z 2)) z) ; comment"
-- a stack machine with jumps, built as a table of functions
local vm = { push = function(m, v) m[#m + 1] = v end, add = function(m) local b, a = table.remove(m), table.remove(m) m[#m + 1] = a + b end, sub = function(m) local b, a = table.remove(m), table.remove(m) m[#m + 1] = a - b end, mul = function(m) local b, a = table.remove(m), table.remove(m) m[#m + 1] = a * b end, dup = function(m) m[#m + 1] = m[#m] end, load = function(m, k) m[#m + 1] = m.vars[k] end, store = function(m, k) m.vars[k] = table.remove(m) end, jmp = function(m, to) m.pc = to end, jz = function(m, to) if table.remove(m) == 0 then m.pc = to end end, out = function(m) print("out", m[#m]) end }
local function exec(prog) local m, steps = { vars = {}, pc = 1 }, 0 while prog[m.pc] do local op = prog[m.pc] m.pc = m.pc + 1 steps = steps + 1 local f = vm[op[1]] or error("bad op " .. op[1], 0) f(m, op[2]) end return m.vars, steps end
local vars, steps = exec { { "push", 1 }, { "store", "r" }, { "push", 10 }, { "store", "n" }, { "load", "n" }, { "jz", 16 }, { "load", "r" }, { "load", "n" }, { "mul" }, { "store", "r" }, { "load", "n" }, { "push", 1 }, { "sub" }, { "store", "n" }, { "jmp", 5 }, { "load", "r" }, { "out" } } print(vars.r, vars.n, steps) print(pcall(exec, { { "push", 1 }, { "bogus" } }))
