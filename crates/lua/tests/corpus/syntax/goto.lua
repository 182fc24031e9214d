-- goto, labels, continue idiom.
for i = 1, 5 do
  if i % 2 == 0 then goto continue end
  io_line = (io_line or "") .. i .. " "
  ::continue::
end
print(io_line)
do
  local i = 1
  ::top::
  if i <= 3 then
    print("top", i)
    i = i + 1
    goto top
  end
end
-- break out of nested loops
for i = 1, 3 do
  for j = 1, 3 do
    if i * j == 4 then print("found", i, j) goto done end
  end
end
::done::
-- forward jump over statements
do
  goto skip
  print("never")
  ::skip::
  print("skipped")
end
-- continue in while and repeat
local n = 0
while n < 5 do
  n = n + 1
  if n == 3 then goto next end
  print("while", n)
  ::next::
end
local r = 0
repeat
  r = r + 1
  if r == 2 then goto cont end
  print("repeat", r)
  ::cont::
until r >= 3
-- same label name in different functions and blocks
do ::l:: end
do ::l:: end
local function f() goto l; ::l:: return "f" end
print(f())
-- closures made in a goto loop are fresh each time
do
  local fs = {}
  local i = 1
  ::again::
  local x = i * 10
  fs[i] = function() x = x + 1 return x end
  i = i + 1
  if i <= 3 then goto again end
  print(fs[1](), fs[2](), fs[3](), fs[1]())
end
-- goto out of a block closes its variables
do
  local k = 0
  ::loop::
  do
    local c <close> = setmetatable({}, { __close = function() print("closed", k) end })
    k = k + 1
    if k < 3 then goto loop end
  end
  print("k", k)
end
-- label at end of block: void statements may follow
do
  local function g(x)
    if x then goto out end
    local y = 1
    print("y", y)
    ::out:: ; ;
  end
  g(true) g(false)
end
-- state machine
local function machine(s)
  local i, out = 0, {}
  ::start::
  i = i + 1
  local c = s:sub(i, i)
  if c == "" then goto finish end
  if c == "a" then goto a else goto other end
  ::a:: out[#out + 1] = "A" goto start
  ::other:: out[#out + 1] = "?" goto start
  ::finish::
  return table.concat(out)
end
print(pcall(load, "x"))
print((pcall(machine, "abca")))
local function try(src) local f, e = load(src, "=g") print(f and "ok" or e) end
try "goto nowhere"
try "do goto l end do ::l:: end"
try "goto l; local x; ::l:: print(x)"
try "goto l; local x; ::l::"
try "do goto l; local x; ::l:: ; end"
try "::l:: ::l::"
try "::l:: do ::l:: end"
try "do ::l:: end ::l::"
try "::l:: local function f() goto l end"
try "goto = 1"
try "local goto = 1"
try "repeat if x then goto c end; local y; ::c:: until y"
try "break"
try "while true do local function f() break end end"
try "for i = 1, 2 do do break end end"
try "goto 1"
try "::1::"
try "::a"
try "goto l; goto m; ::l::"
try "\n\ngoto x"
