-- How chunk names are shown in messages.
local function m(src, name) local f, e = load(src, name) print(e or select(2, pcall(f))) end
m("x = ", "=name") m("x = ", "@name.lua") m("x = ", "name") m("x = ", "=") m("x = ", "@") m("x = ", "") m("x = ") m("x =\n") m("\nx =")
m("x = ", "=" .. ("a"):rep(58)) m("x = ", "=" .. ("a"):rep(59)) m("x = ", "=" .. ("a"):rep(60)) m("x = ", "=" .. ("a"):rep(61))
m("x = ", "@" .. ("b"):rep(58)) m("x = ", "@" .. ("b"):rep(59)) m("x = ", "@" .. ("b"):rep(60)) m("x = ", "@" .. ("b"):rep(80) .. "end")
for i = 42, 50 do m("x = ", ("c"):rep(i)) end
m("x = ", "first\nsecond") m("x = ", "\nsecond") m("x = ", ("d"):rep(60) .. "\n") m("x = ", "short\n") m("x = ", "=with\nnewline") m("x = ", "@with\nnewline") m("x = ", "tab\there") m("x = ", "quote\"s'")
m("error('e')", "=name") m("error('e')", "@name.lua") m("error('e')", "name") m("error('e')") m("error('e', 0)", "=x") m("error('e', 2)", "=x") m("local x = nil; x()", "=(load)") m("\n\n\nerror('line 4')", "=l")
m(function() return nil end) m("return 1 +") m("x = 'a\nb'", "=str") m("x = [[a\nb", "=str") m("--[[\n\n", "=str") m("x = 1\n\n\n= 2", "=ln") m("x = 1\r\n\r\n= 2", "=crlf") m("x = 1\r\r= 2", "=cr") m("x = 1\n\r\n\r= 2", "=lfcr")
local parts, i = { "local a = 1 ", "local b = ", "\n\n", "= 3" }, 0
m(function() i = i + 1 return parts[i] end, "=reader") i = 0 m(function() i = i + 1 return parts[i] end)
-- run-time lines
local function lines(src) local f = assert(load(src, "=l")) print(select(2, pcall(f))) end
lines "local t = {}\nt.x.y = 1" lines "local t = {\n  1,\n  nil + 1,\n}" lines "local function f()\n  return 1 + nil\nend\nlocal x = f()" lines "local x = 1\nlocal y = x +\n  {}" lines "f\n(1)" lines "local s = 'a' ..\n  'b' ..\n  {}" lines "for i = 1, 2 do\n  local x = i .. nil\nend" lines "for i = 'a',\n 2 do end" lines "while nil + 1\n do end" lines "if 1 <\n{} then end" lines "return #\nnil" lines "return -\n{}" lines "local a <const> = 5\nreturn a\n.b\n.c" lines "g.h\n.i\n.j = 5" lines "local a = {}\na.b.c\n = 5" lines "error\n'x'" lines "error(\n'x'\n)" lines "string.rep(\n)" lines "return string.rep(\n)" lines "return (string.rep(\n))"
