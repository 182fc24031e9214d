-- Object orientation of several styles over metatables.
local Account = {} Account.__index = Account
function Account.new(b) return setmetatable({ balance = b or 0 }, Account) end
function Account:deposit(v) self.balance = self.balance + v return self end
function Account:withdraw(v) if v > self.balance then error("insufficient funds", 2) end self.balance = self.balance - v return self end
Account.__tostring = function(a) return "Account(" .. a.balance .. ")" end Account.__eq = function(a, b) return a.balance == b.balance end Account.__lt = function(a, b) return a.balance < b.balance end Account.__le = function(a, b) return a.balance <= b.balance end Account.__add = function(a, b) return Account.new(a.balance + b.balance) end Account.__len = function(a) return a.balance end Account.__call = function(a, v) return a:deposit(v) end Account.__concat = function(a, b) return tostring(a) .. tostring(b) end
local a, b = Account.new(10), Account.new(5) print(a, b, a + b, a == b, a < b, a >= b, #a, a .. b, a .. "!", tostring(a(5)), a:deposit(1):deposit(2).balance)
print(pcall(function() b:withdraw(100) end)) print(pcall(b.withdraw, b, 100)) print(pcall(b.withdraw)) print(pcall(function() b.withdraw(nil, 5) end)) print(pcall(function() b:undefined() end))
-- inheritance
local Special = setmetatable({}, { __index = Account }) Special.__index = Special Special.__tostring = Account.__tostring
function Special.new(b, limit) local o = Account.new(b) o.limit = limit return setmetatable(o, Special) end
function Special:withdraw(v) if v - self.balance > self.limit then error("over limit", 2) end self.balance = self.balance - v return self end
local s = Special.new(10, 100) print(s, s:withdraw(50), s:deposit(5).balance, s.limit, getmetatable(s) == Special, Special.deposit == Account.deposit) print(pcall(function() s:withdraw(500) end)) print(pcall(function() return s + a end)) print(rawget(s, "deposit"), rawget(Special, "deposit"), rawget(Account, "deposit") ~= nil)
-- a class library with super, mixins, properties, static members
local function class(parent) local c = {} c.__index = c if parent then for k, v in pairs(parent) do if k:sub(1, 2) == "__" and k ~= "__index" then c[k] = v end end end c.super = parent return setmetatable(c, { __index = parent, __call = function(cls, ...) local o = setmetatable({}, cls) if o.init then o:init(...) end return o end }) end
local Shape = class() Shape.count = 0 function Shape:init(n) self.name = n Shape.count = Shape.count + 1 end function Shape:area() return 0 end function Shape:describe() return ("%s with area %.2f"):format(self.name, self:area()) end Shape.__tostring = function(x) return "<" .. x:describe() .. ">" end Shape.__lt = function(p, q) return p:area() < q:area() end Shape.__eq = function(p, q) return p:area() == q:area() end
local Circle = class(Shape) function Circle:init(r) Shape.init(self, "circle") self.r = r end function Circle:area() return 3.25 * self.r ^ 2 end
local Rect = class(Shape) function Rect:init(w, h) Shape.init(self, "rect") self.w, self.h = w, h end function Rect:area() return self.w * self.h end
local Square = class(Rect) function Square:init(s) Rect.init(self, s, s) self.name = "square" end function Square:describe() return "S:" .. Rect.describe(self) end
local shapes = { Circle(2), Rect(2, 3), Square(2), Shape("blob") } table.sort(shapes) for _, x in ipairs(shapes) do print(tostring(x)) end print(Shape.count, Square(2) == Rect(1, 4), Square(1) == Rect(1, 4), Circle(1) < Rect(10, 10), Square.super == Rect, rawget(Square, "area"))
local function isa(o, c) local m = getmetatable(o) while m do if m == c then return true end m = m.super end return false end print(isa(shapes[1], Shape), isa(Square(1), Rect), isa(Square(1), Circle), isa(Rect(1, 1), Square))
local function mixin(c, ...) for _, m in ipairs { ... } do for k, v in pairs(m) do c[k] = v end end return c end local Named = { setName = function(self, n) self.name = n return self end } local Sized = { size = function(self) return #self.name end } mixin(Rect, Named, Sized) print(Rect(1, 1):setName "renamed":size(), Square(3):setName("sq").name, Circle.setName)
-- properties by __index and __newindex functions
local Temp = { getters = {}, setters = {} } function Temp.getters.fahrenheit(o) return o.celsius * 9 / 5 + 32 end function Temp.setters.fahrenheit(o, v) o.celsius = (v - 32) * 5 / 9 end local tmt = { __index = function(o, k) local g = Temp.getters[k] if g then return g(o) end return Temp[k] end, __newindex = function(o, k, v) local f = Temp.setters[k] if f then f(o, v) else rawset(o, k, v) end end } local temp = setmetatable({ celsius = 100 }, tmt) print(temp.fahrenheit) temp.fahrenheit = 32 print(temp.celsius, temp.fahrenheit, rawget(temp, "fahrenheit")) temp.other = 1 print(rawget(temp, "other"))
-- multiple inheritance by a search function
local function multi(...) local ps = { ... } return setmetatable({}, { __index = function(t, k) for i = 1, #ps do local v = ps[i][k] if v ~= nil then t[k] = v return v end end end }) end local M = multi({ x = "first", f = function() return "f1" end }, { x = "second", y = "second y", g = function() return "g2" end }) print(M.x, M.y, M.f(), M.g(), M.z, rawget(M, "y"))
-- privacy by closures
local function Counter(start) local n = start or 0 local self = {} function self.inc(k) n = n + (k or 1) return self end function self.get() return n end return self end local c1, c2 = Counter(), Counter(10) print(c1.inc().inc(5).get(), c2.inc().get(), c1.n)
-- prototypes: clone
local proto = { greet = function(self) return "I am " .. self.name end, name = "proto" } function proto:clone(t) self.__index = self return setmetatable(t or {}, self) end local kid = proto:clone { name = "kid" } local grandkid = kid:clone() print(kid:greet(), grandkid:greet(), proto:greet()) grandkid.name = "grandkid" print(grandkid:greet(), kid:greet()) function proto:greet() return "changed " .. self.name end print(grandkid:greet())
