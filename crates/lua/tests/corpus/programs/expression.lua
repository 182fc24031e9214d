-- An expression parser (precedence climbing), evaluator, printer and differentiator.
local function lex(src)
  local tokens, pos = {}, 1
  while true do
    pos = src:match("^%s*()", pos)
    if pos > #src then break end
    local num, id, op
    local s, e = src:find("^%d+%.?%d*", pos)
    if s then tokens[#tokens + 1] = { "num", tonumber(src:sub(s, e)) }
    else
      s, e = src:find("^[%a_][%w_]*", pos)
      if s then tokens[#tokens + 1] = { "id", src:sub(s, e) }
      else
        s, e = src:find("^[-+*/^(),%%]", pos)
        if not s then error("bad character '" .. src:sub(pos, pos) .. "' at " .. pos, 0) end
        tokens[#tokens + 1] = { src:sub(s, e) }
      end
    end
    tokens[#tokens].pos = pos
    pos = e + 1
  end
  tokens[#tokens + 1] = { "end", pos = pos }
  return tokens
end
local prec = { ["+"] = { 1, 2 }, ["-"] = { 1, 2 }, ["*"] = { 3, 4 }, ["/"] = { 3, 4 }, ["%"] = { 3, 4 }, ["^"] = { 8, 7 } }
local function parse(src)
  local toks, i = lex(src), 1
  local expr
  local function expect(k)
    if toks[i][1] ~= k then error(("'%s' expected at %d, got '%s'"):format(k, toks[i].pos, toks[i][1]), 0) end
    i = i + 1
  end
  local function primary()
    local t = toks[i]
    i = i + 1
    if t[1] == "num" then return { "num", t[2] }
    elseif t[1] == "id" then
      if toks[i][1] ~= "(" then return { "var", t[2] } end
      i = i + 1
      local args = { "call", t[2] }
      if toks[i][1] ~= ")" then
        repeat
          args[#args + 1] = expr(0)
          local more = toks[i][1] == ","
          if more then i = i + 1 end
        until not more
      end
      expect ")"
      return args
    elseif t[1] == "(" then
      local e = expr(0)
      expect ")"
      return e
    elseif t[1] == "-" then return { "neg", expr(5) } end
    error(("unexpected '%s' at %d"):format(t[1], t.pos), 0)
  end
  function expr(min)
    local left = primary()
    while true do
      local op = toks[i][1]
      local p = prec[op]
      if not p or p[1] < min then return left end
      i = i + 1
      left = { op, left, expr(p[2]) }
    end
  end
  local e = expr(0)
  expect "end"
  return e
end
local funcs = { max = math.max, min = math.min, sqrt = math.sqrt, abs = math.abs }
local ops = { ["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end, ["/"] = function(a, b) return a / b end, ["%"] = function(a, b) return a % b end, ["^"] = function(a, b) return a ^ b end }
local function eval(e, env)
  local k = e[1]
  if k == "num" then return e[2]
  elseif k == "var" then return env[e[2]] or error("unknown variable " .. e[2], 0)
  elseif k == "neg" then return -eval(e[2], env)
  elseif k == "call" then
    local args = {}
    for i = 3, #e do args[#args + 1] = eval(e[i], env) end
    return (funcs[e[2]] or error("unknown function " .. e[2], 0))(table.unpack(args))
  end
  return ops[k](eval(e[2], env), eval(e[3], env))
end
local function show(e)
  local k = e[1]
  if k == "num" or k == "var" then return tostring(e[2])
  elseif k == "neg" then return "(-" .. show(e[2]) .. ")"
  elseif k == "call" then
    local a = {}
    for i = 3, #e do a[#a + 1] = show(e[i]) end
    return e[2] .. "(" .. table.concat(a, ", ") .. ")"
  end
  return "(" .. show(e[2]) .. " " .. k .. " " .. show(e[3]) .. ")"
end
local function num(n) return { "num", n } end
local function simp(e)
  local k, a, b = e[1], e[2], e[3]
  if k == "+" then if a[2] == 0 then return b elseif b[2] == 0 then return a end
  elseif k == "*" then if a[2] == 0 or b[2] == 0 then return num(0) elseif a[2] == 1 then return b elseif b[2] == 1 then return a end end
  return e
end
local function diff(e, x)
  local k, a, b = e[1], e[2], e[3]
  if k == "num" then return num(0)
  elseif k == "var" then return num(a == x and 1 or 0)
  elseif k == "neg" then return { "neg", diff(a, x) }
  elseif k == "+" then return simp { "+", diff(a, x), diff(b, x) }
  elseif k == "-" then return { "-", diff(a, x), diff(b, x) }
  elseif k == "*" then return simp { "+", simp { "*", diff(a, x), b }, simp { "*", a, diff(b, x) } }
  elseif k == "^" then return simp { "*", simp { "*", b, { "^", a, num(b[2] - 1) } }, diff(a, x) } end
  error("cannot differentiate " .. k, 0)
end
for _, s in ipairs { "1 + 2 * 3", "(1 + 2) * 3", "2 ^ 3 ^ 2", "-2 ^ 2", "10 - 4 - 3", "100 / 10 / 2", "7 % 4 + 1", "max(1, x, 3) * 2", "sqrt(x * x + 16)", "-(1 + -2)", "abs(-y)", "min()", "1.5 * 4", "2 * -3", "x + z", "foo(1)" } do
  local ok, ast = pcall(parse, s)
  print(s, show(ast), select(2, pcall(eval, ast, { x = 3, y = 2.5 })))
end
for _, s in ipairs { "", "1 +", "(1", "1 2", "* 3", "f(1,", "f(1 2)", "1 $ 2", ")", "1 + )", "x(" } do print(s, pcall(parse, s)) end
for _, s in ipairs { "x", "5", "x * x", "3 * x ^ 2 + 2 * x + 1", "(x + 1) * (x - 1)", "-x ^ 3", "x * y", "sqrt(x)" } do
  local ok, d = pcall(diff, parse(s), "x")
  print(s, ok and show(d) or d, ok and eval(d, { x = 2, y = 10 }))
end
