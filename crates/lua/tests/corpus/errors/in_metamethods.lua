-- Errors raised inside metamethods and callbacks.
local function p(f, ...) print(select(2, pcall(f, ...))) end
local mt = {}
for _, n in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat", "len", "eq", "lt", "le", "index", "newindex", "call", "tostring", "pairs" } do
  mt["__" .. n] = function() error("in " .. n, 0) end
end
local o, q = setmetatable({}, mt), setmetatable({}, mt)
p(function() return o + 1 end) p(function() return 1 - o end) p(function() return o * q end) p(function() return o / 1 end) p(function() return o % 1 end) p(function() return o ^ 1 end) p(function() return -o end) p(function() return o // 1 end)
p(function() return o & 1 end) p(function() return 1 | o end) p(function() return o ~ 1 end) p(function() return o << 1 end) p(function() return 1 >> o end) p(function() return ~o end)
p(function() return o .. "x" end) p(function() return "x" .. "y" .. o end) p(function() return #o end) p(function() return o == q end) p(function() return o ~= q end) p(function() return o < q end) p(function() return o > 1 end) p(function() return o <= q end) p(function() return 1 >= o end)
p(function() return o.x end) p(function() return o[1] end) p(function() return o:m() end) p(function() o.x = 1 end) p(function() o[1] = 1 end) p(function() o() end) p(function() return o(1, 2) end) p(function() return tostring(o) end) p(function() print(o) end) p(function() for k in pairs(o) do end end) p(function() return string.format("%s", o) end) p(function() return table.concat({ o }) end) p(function() return table.unpack(o, 1, 2) end) p(function() return table.insert(o, 1) end) p(function() table.sort(o) end) p(function() if o < q then end end) p(function() while o == q do end end)
-- metamethods that are not functions
local bad = setmetatable({}, { __add = 5, __concat = {}, __len = true, __eq = 1, __lt = "s", __le = {}, __unm = 7, __call = 8, __tostring = 9, __band = 1, __pairs = 3, __close = 5 })
local bad2 = setmetatable({}, getmetatable(bad))
p(function() return bad + 1 end) p(function() return bad .. "x" end) p(function() return #bad end) p(function() return bad == bad2 end) p(function() return bad < bad2 end) p(function() return bad <= bad2 end) p(function() return -bad end) p(function() return bad() end) p(function() return tostring(bad) end) p(function() return bad & 1 end) p(function() for k in pairs(bad) do end end) p(function() local x <close> = bad end)
-- positions in errors raised by metamethods of Lua code
local po = setmetatable({}, { __index = function(t, k) error("no field " .. k) end, __add = function(a, b) return a.x + nil end, __newindex = function(t, k) error("readonly " .. k, 2) end, __call = function(self, x) return x.y.z end })
p(function() return po.foo end)
p(function() return po + 1 end)
p(function() po.foo = 1 end)
p(function() return po({}) end)
p(function() return po() end)
-- names inside metamethods
p(function() return setmetatable({}, { __index = function(t, k) return k() end }).zip end)
p(function() return setmetatable({}, { __index = function(t, k) return t() end }).zip end)
p(function() return #setmetatable({}, { __len = function(s) return s.len.x end }) end)
-- in callbacks
p(table.sort, { 3, 1, 2 }, function(a, b) return a.x < b.x end) p(table.sort, { 3, 1, 2 }, function(a, b) return undefinedfn(a) end) p(string.gsub, "abc", ".", function(c) return c.x.y end) p(string.gsub, "abc", ".", function(c) return {} end) p(string.gsub, "abc", ".", function(c) return true end) p(string.gsub, "abc", ".", { a = {} }) p(string.gsub, "abc", ".", setmetatable({}, { __index = function(_, k) error("key " .. k, 0) end })) p(load, function() error("reader", 0) end) p(xpcall, function() end)
print(pcall(load, function() error("reader", 0) end)) print(pcall(load, function() return 5 + nil end))
-- cycles and chains
local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) p(function() return a.x end) getmetatable(a).__newindex = b getmetatable(b).__newindex = a p(function() a.x = 1 end)

