-- load in all its forms.
print(load("return 1 + 1")()) print(load("return ...")(1, 2, 3)) print(type(load("x = 1")), load("")(), load("-- comment only")(), load(" \n\t ")())
print(load("return 1", "=name")(), select("#", load("")()), load("local a, b = ... return b, a")(1, 2))
-- reader functions
local function reader(...) local parts, i = { ... }, 0 return function() i = i + 1 return parts[i] end end
print(load(reader("return ", "1", " + ", "41"))()) print(load(reader("re", "turn 'spl", "it'"))()) print(load(reader("return 1", "", "never read"))()) print(load(reader("x =", " = 2"), "=rd")) print(load(reader("return '", "\\", "x4", "1'"))()) print(load(reader("return [[", "a]", "]"))()) print(load(reader("return 1", "2", "3"))()) print(load(reader("return 0x", "f", "f"))())
print(pcall(load, function() error("reader error", 0) end)) print(pcall(load, function() error({}) end) == true, (pcall(load, function() local x = nil; return x.y end))) print(pcall(load, function() return {} end)) print(pcall(load, function() return true end)) local calls = 0 print(load(function() calls = calls + 1 return nil end)(), calls) local n = 0 print(#load(function() n = n + 1 if n == 1 then return "return '" elseif n <= 1001 then return "x" elseif n == 1002 then return "'" end end)())
local bytes, pos = "local t = {} for i = 1, 3 do t[i] = i * i end return table.concat(t, '-')", 0 print(load(function() pos = pos + 1 local c = bytes:sub(pos, pos) if c ~= "" then return c end end)())
-- environments
local env = { y = 5 } print(load("return y", "c", "t", env)(), load("x = y * 2", "c", "t", env)(), env.x, x) print(pcall(load("return print", "c", "t", {}))) print(pcall(load("print('x')", "=c", "t", {}))) print(load("return _ENV", "c", "t", env)() == env, load("return _ENV")() == _G, load("return _ENV", "c", nil, env)() == env) print(pcall(load("return x", "=c", "t", nil))) print(load("return _ENV", "c", "t", 42)()) print(load("local _ENV = { z = 1 } return z", "c", "t", env)()) print(load("function f() return y end return f", "c", "t", env)()(), env.f ~= nil) local f = load("y = y + 1 return y", "c", "t", env) print(f(), f(), env.y)
local proxy = setmetatable({}, { __index = _G, __newindex = function(t, k, v) rawset(t, k, "set " .. tostring(v)) end }) load("a = 1 b = tostring(a)", "c", "t", proxy)() print(proxy.a, proxy.b, a, b)
-- modes
print(load("return 'text'", "c", "t")(), load("return 'both'", "c", "bt")(), load("return 1", "=c", "b")) print(load("return 1", "=c", "")) print(load("return 1", "=c", nil)())
-- binary chunks are refused by mode
print(load("\27Lua", "=bin", "t")) print(load("\27", "=bin", "t"))
-- syntax errors return nil and a message
print(load("x =")) print(load("x =", "=name")) print(load("x =", "@name.lua")) print(load("return return", "=name")) print(load("for", "=name")) print(select("#", load("x =")))
-- each load makes a new function, with its own upvalues
local mk = "local n = 0 return function() n = n + 1 return n end" local c1, c2 = load(mk)(), load(mk)() print(c1(), c1(), c2()) print(load("return 1") == load("return 1"))
-- loaded code does not see locals
local hidden = "local" print(load("return hidden")()) hidden = nil visible = "global" print(load("return visible")()) visible = nil
-- the chunk is a vararg function; errors in it
print(load("return select('#', ...)")(nil, nil)) print(pcall(load("error('in chunk')", "=ck"))) print(pcall(load("error('in chunk', 2)", "=ck"))) print(pcall(load("local a = {} ; a.b.c = 1", "=ck"))) print(pcall(load("return 1, nil, 3")))
-- recursion, generation
print(load("return load('return load(\"return 7\")()')()")()) local src = { "return {" } for i = 1, 50 do src[#src + 1] = ("[%d] = %q,"):format(i, "v" .. i) end src[#src + 1] = "}" print(load(table.concat(src, "\n"))()[50]) local add = {} for i = 1, 5 do add[i] = load("local x = ... return x + " .. i) end print(add[1](10), add[5](10))
-- arguments
print(pcall(load)) print(pcall(load, nil)) print(pcall(load, {})) print(pcall(load, true)) print(load(5)) print(pcall(load, "x", {})) print(pcall(load, "return 1", "n", 5)) print(pcall(load, "return 1", "n", {})) print(load("return 1", 5)()) print(load("x =", 5))
-- coroutines
print(coroutine.wrap(load("return coroutine.yield(1)"))()) print(coroutine.wrap(function() return load("coroutine.yield('y') return 'end'")() end)())
-- large chunks
local big = {} for i = 1, 3000 do big[i] = "local function f" .. i % 100 .. "() return " .. i .. " end" if i % 100 == 0 then big[i] = "do end" end end print(load("do " .. table.concat(big, " end do ") .. " end return 'big'")()) local s = {} for i = 1, 2000 do s[i] = "t[" .. i .. "] = 't" .. i .. "'" end print(load("local t = {} " .. table.concat(s, " ") .. " return #t, t[2000]")())
