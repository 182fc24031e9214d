-- __call.
local f = setmetatable({ n = "obj" }, { __call = function(self, ...) return self.n, select("#", ...), ... end })
print(f()) print(f(1)) print(f(1, nil, nil)) print(f "str") print(type(select(3, f {}))) print((f(1, 2)))
local function tail(...) return f(...) end print(tail()) print(tail("t", 2)) print(pcall(f, 1, 2)) print(select(2, pcall(f)))
local t = { f = f } print(t.f(5)) print(select("#", t:f(5))) print(f(f(1)))
-- chains
local a = setmetatable({}, { __call = f }) print(select("#", a(1)), (a(1))) print(rawequal((select(3, a(1))), a))
local function target(...) return "target", select("#", ...) end
local chain = target for i = 1, 5 do chain = setmetatable({}, { __call = chain }) end print(chain(), chain("x", "y")) print(pcall(chain, 1)) local function tc() return chain(1, 2) end print(tc())
-- callables everywhere
local c = setmetatable({}, { __call = function(_, x, y) return x, y end }) print(pcall(c, "p", "q")) print(xpcall(c, print, 1, 2)) print(coroutine.wrap(function() return c(3, 4) end)()) print(pcall(xpcall, error, c, "handled")) print(string.gsub("abc", "b", setmetatable({}, { __call = print, __index = function(_, k) return "[" .. k .. "]" end })))
local cmp = setmetatable({}, { __call = function(_, x, y) return x > y end }) print(pcall(table.sort, { 1, 2 }, cmp)) print(pcall(coroutine.create, c)) print(pcall(load, c))
for i, v in setmetatable({}, { __call = function(_, s, i) i = i + 1 if i <= s then return i, i * i end end }), 3, 0 do print("iter", i, v) end
local mm = setmetatable({}, { __index = setmetatable({}, { __call = function(self, t, k) return "called index " .. k end }) }) print(mm.x, mm[1]) local nn = setmetatable({}, { __newindex = setmetatable({}, { __call = function(self, t, k, v) rawset(t, k, v .. "!") end, __newindex = function(t, k, v) rawset(t, k, "via newindex") end }) }) nn.a = "v" print(rawget(nn, "a"), rawget(getmetatable(nn).__newindex, "a"))
print(mm.x)
-- classes with constructors by call
local Class = setmetatable({}, { __call = function(cls, name) local k = setmetatable({ name = name }, { __call = function(self, v) return setmetatable({ v = v }, { __index = self, __call = function(o, n) return o.v + n end }) end }) return k end }) local K = Class "K" local o = K(10) print(K.name, o.v, o.name, o(5), K(1)(2))
-- memoize and partial application
local memo = setmetatable({ calls = 0 }, { __call = function(self, x) if self[x] == nil then self.calls = self.calls + 1 self[x] = x * x end return self[x] end }) print(memo(4), memo(4), memo(5), memo.calls)
local curry = setmetatable({ args = {} }, { __call = function(self, x) if x == nil then return table.concat(self.args, "") end local n = { table.unpack(self.args) } n[#n + 1] = x return setmetatable({ args = n }, getmetatable(self)) end }) print(curry "a" "b" "c" ())
-- __call with nil, on strings and numbers
getmetatable("").__call = function(s, ...) return s .. table.concat({ ... }, ",") end print(("fmt:")(1, 2), ("x")()) getmetatable("").__call = nil print(pcall(function() return ("x")() end))
print(pcall(setmetatable({}, { __call = nil }))) print(pcall(setmetatable({}, { __call = 1 }))) print(pcall(setmetatable({}, { __call = "s" }), 1)) print(pcall(setmetatable({}, { __call = false })))
-- many arguments through __call, recursion through __call
local args = {} for i = 1, 100 do args[i] = i end print(select("#", f(table.unpack(args))), (select(102, f(table.unpack(args))))) local rec = setmetatable({}, { __call = function(self, n) if n == 0 then return "bottom" end return self(n - 1) end }) print(rec(1000)) local rec2 = setmetatable({}, { __call = function(self, n) if n == 0 then return 0 end return 1 + self(n - 1) end }) print(rec2(1000))
