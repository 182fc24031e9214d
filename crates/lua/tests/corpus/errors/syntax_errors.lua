-- Messages of the parser, one per source text.
local function try(src) local f, e = load(src, "=src") print(f and "compiles" or e) end
for line in ([==[
x
x =
= 1
x = = 1
x = 1 +
x = 1 2
x y
x, y
x, y = 
x.y
x.y.z = 
x:y = 1
x[1
x[] = 1
f(
f(1
f(1,
f(1 2)
f(,)
f(1,)
(x
(x) = 1
(x).y = 1
x() = 1
x = )
x = }
x = ]
x = end
local
local 1
local x =
local x, = 1
local x.y = 1
local function
local function 1
local function f
local function f(
local function f(a
local function f(a,)
local function f(a b) end
local function f(..., a) end
local function f(...a) end
local function f() return
local function f.x() end
function
function f
function f(a
function f.1() end
function f:a.b() end
function f:a:b() end
function (x) end
function f() end end
return return
return 1 2
return 1; x = 2
return 1,
if
if x
if x the
if x then
if x then else
if x then elseif
if x then elseif y
if x then else elseif y then end
if x then end end
else
elseif
then
do
end
until x
while
while x
while x do
while do end
repeat
repeat until
repeat x = 1
for
for 1
for x
for x =
for x = 1
for x = 1 do end
for x = 1, do end
for x = 1, 2
for x = 1, 2 do
for x = 1, 2, 3, 4 do end
for x, y = 1, 2 do end
for x in
for x in y
for x in y do
for x, in y do end
for x.y in z do end
for x of y do end
break = 1
x = and 1
x = 1 and
x = not
x = -
x = #
x = ~
x = 1 == 
x = a b
x = function
x = function() 
x = function f() end
x = {
x = { 1
x = { 1, 
x = { , }
x = { a = }
x = { [a] }
x = { a.b = 1 }
x = { 1 = 2 }
x = { function f() end }
x = 'abc
x = "abc
x = [[abc
x = [=abc
x = "a\qb"
x = 0x
x = 3..2
x = 1e
x = a.1
x = a.
x = a:
x = a:b
x = a:1()
x = a.b:c
x = ...
x = 1 = 2
x = @
x = $y
x = `y`
x = a ? b : c
x != y
x += 1
x++
x = a && b
x = a || b
x = !a
x = a // 
x = a <> b
x = a ~ = b
goto
goto 1
::
::x
::x:
:: ::
x = é
local x <
local x <const
local x <const> 
local x <konst> = 1
a.b:c().d
a.b:c() d
'str'
1
nil
{}
"x":y()
x = "x":y()
x = 5:y()
x = {}:y()
x = function() end()
and
in
local and = 1
x.end = 1
x = { end = 1 }
local function end() end
x = "]]" ]]
~
x = ~= 1
\
x = "a" .. 
x = 'it''s'
]==]):gmatch("[^\n]*") do
  if line ~= "" then
    local f, e = load(line, "=src")
    print(line .. "  -->  " .. (f and "compiles" or e))
  end
end
try "if x then\n\n\nelse\n\n" try "while x do\n\n" try "function f()\n\n\n" try "x = {\n1,\n2" try "f(\n1,\n2" try "for i = 1, 2 do\n\n" try "repeat\n\n\n" try "x = (\n1" try "x[\n1\n" try "do\n\n" try "if a then\nelseif b then\n"
try "x = \n\n\n" try "\n\nx = = 2" try("x = '" .. ("a"):rep(100)) try("x = y " .. ("z"):rep(100)) try("x = [[" .. ("a"):rep(100)) try "x = '\1'y" try "x = \1" try "x = \127" try "x = \200" try "\0" try "x = 'a\0b" try "x = 1 \0 y"
try("x = " .. ("a."):rep(5) .. "1") try(("x = 1;"):rep(3) .. "y") try "local a <const> = 1; a = 2" try "for i = 1, 2 do local x <close> = 1; x = 2 end" try "return function() return ... end" try "\xEF\xBB\xBFreturn 1" try "#!shebang\nreturn 1"
