-- Long brackets of every level, and comments.
print([[plain]], [=[level one]=], [==[level two]==])
print([[
first newline dropped]])
print(#[[

two]], [[

only the first is dropped]])
print([=[contains ]] inside]=], [==[contains ]=] inside]==], [[contains ]=] inside]])
print([=[]]]=], #[[]], #[=[]=], [=[[[nested]]]=])
print([[a]b]c]], [[ [x] ]], [[\]])
print(#[[a

b]])
-- comment
--[[ long
comment ]] print("after long comment")
--[==[ level two
]] ]=] print("hidden")
]==] print("after level two")
--[ not a long comment
print("after short")
---[[ short comment, too
print("shown")
--]]
--[=
print("also shown")
--
print("empty comment") -- trailing
print( --[[ inline ]] "inline" --[=[ again ]=] , "ok")
local function try(src)
  local f, e = load(src, "=c")
  if f then
    local s = f()
    print(#s, (s:gsub("[\r\n]", { ["\n"] = "<n>", ["\r"] = "<r>" })))
  else
    print(e)
  end
end
try("return [[a\r\nb]]")
try("return [[a\n\rb]]")
try("return [[a\rb]]")
try("return [[a\r\rb]]")
try("return [[\r\na]]")
try("return [[\n\ra]]")
try("return [[\n\na]]")
try("return [==[\ra]==]")
try("return [[abc")
try("return [==[abc]=]")
try("return [==abc")
try("return [=")
try("--[[ never closed")
try("--[==[ never closed ]]\n\n")
try("\n\n--[[ \n\n")
try("return [[]")
try("#first line is not special in load\nreturn 'x'")
print(([[method]]):upper(), #[[

]])
local s = "x" --[[c]] .. --[[c]] "y"
print(s)
print(type[[string call]], type[==[x]==], #type"x")
