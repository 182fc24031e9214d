-- Blocks, visibility, globals, _ENV.
local x = 1
do local x = 2 do local x = 3 print(x) end print(x) end
print(x)
if true then local x = "if" print(x) elseif x then local y else local z end
print(x)
if false then print "no" elseif nil then print "no" elseif 0 then print "zero" else print "no" end
if false then elseif false then end
while x == 1 do local x = 5 print(x) break end
for x = x, x + 1 do local x = x * 10 print(x) end
local function f(x, x) return x end
print(f(1, 2))
local function g(a) local a = a or "default" return a end
print(g(), g(1))
local a, a = 1, 2 print(a)
undefined_var = nil
print(undefined_var, another_undefined)
newglobal = 1
print(newglobal, _G.newglobal, _G["newglobal"], rawget(_G, "newglobal"), _ENV == _G)
_G.via_g = 2 print(via_g)
_G["with space"] = 3 print(_G["with space"])
newglobal = nil print(newglobal, rawget(_G, "newglobal"))
-- locals assigned in branches
local r if x then r = "yes" else r = "no" end print(r)
-- repeat scope extends to the condition
repeat local inner = 10 until inner == 10
print(inner)
-- _ENV
do
  local _ENV = { print = print, v = "in env" }
  print(v, x) v2 = "set" print(_ENV.v2)
end
print(v, v2)
do local _ENV = setmetatable({}, { __index = _G }) leaked = 1 print(leaked, _G.leaked) end
local function withenv(_ENV) return a_field, b_field end
print(withenv { a_field = 1, b_field = 2 })
local chunk = load("y = 10; return y, x", "=c", "t", { x = "env x" })
print(chunk()) print(y)
do local print, pcall, _ENV = print, pcall, nil print(pcall(function() return anything end)) end
do local print, pcall, _ENV = print, pcall, 5 print(pcall(function() glob = 1 end)) end
do local e = setmetatable({}, { __index = function(_, k) return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v * 2) end }) local print = print local _ENV = e print(foo, bar) n = 21 print(n) end
-- strict globals through a metatable
setmetatable(_G, { __index = function(_, n) error("undefined variable " .. n, 2) end, __newindex = function(t, n, v) if n == "forbidden" then error("cannot set " .. n, 2) end rawset(t, n, v) end })
print(pcall(function() return notdefined end)) print(pcall(function() forbidden = 1 end))
allowed = 5 print(allowed)
setmetatable(_G, nil)
-- semicolons and empty statements
;;; local q = 1; ; print(q);
do end do ; end
-- a call on the next line continues the statement
local s = tostring
(1)
print(s)
-- many locals
local src = {}
for i = 1, 200 do src[#src + 1] = "local v" .. i .. " = " .. i end
print(load(table.concat(src, "\n") .. "\nreturn v1 + v200", "=l")())
-- many upvalues
local decl, use = {}, {}
for i = 1, 150 do decl[i] = "local u" .. i .. " = " .. i use[i] = "u" .. i end
print(load(table.concat(decl, "\n") .. "\nreturn (function() return " .. table.concat(use, "+") .. " end)()", "=l")())
-- deep nesting
print(load("return " .. ("("):rep(100) .. "1" .. (")"):rep(100), "=l")())
print(load(("do "):rep(150) .. "x = 5 " .. ("end "):rep(150) .. " return x", "=l")())
print(load("return " .. ("{"):rep(100) .. ("}"):rep(100), "=l") ~= nil)
print(load("return 1" .. (" + 1"):rep(5000), "=l")())
print(#load("return 'a'" .. (" .. 'a'"):rep(150), "=l")())
print(load("return " .. ("- "):rep(150) .. "1", "=l")(), load("return " .. ("not "):rep(151) .. "1", "=l")())
local elses = { "local x = ... if x == 0 then return 0" }
for i = 1, 300 do elses[#elses + 1] = "elseif x == " .. i .. " then return " .. i * 2 end
local sw = load(table.concat(elses, "\n") .. " else return 'none' end", "=l")
print(sw(0), sw(1), sw(150), sw(300), sw(301))
