local budget = 1500
local function tick() budget = budget - 1 if budget < 0 then error("out of budget", 0) end end
local text
local libraries = { [_G] = true, [string] = true, [table] = true, [math] = true, [coroutine] = true, [utf8] = true }
local function fields(t, depth)
  -- What they contain is not the same everywhere.
  if libraries[t] or libraries[rawget(t, "__index") or false] then return "library" end
  local keys, parts = {}, {}
  for k in next, t do
    local kind = type(k)
    if kind == "number" or kind == "string" then keys[#keys + 1] = k end
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then return type(a) == "number" end
    return a < b
  end)
  for i = 1, math.min(#keys, 12) do parts[i] = text(keys[i], 0) .. "=" .. text(rawget(t, keys[i]), depth - 1) end
  return "{" .. table.concat(parts, ",") .. (getmetatable(t) and "}*" or "}")
end
text = function(v, depth)
  local kind = type(v)
  if kind == "string" then return (string.format("%q", v):gsub("0x%x%x%x%x%x+", "0x")) end
  if v ~= v then return "nan" end
  if kind == "number" or kind == "nil" or kind == "boolean" then return tostring(v) end
  if kind == "table" and depth > 0 then return fields(v, depth) end
  return kind
end
local function show(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = text((select(i, ...)), 2) end
  return table.concat(parts, " ")
end
local function clip(v)
  if type(v) == "string" and #v > 100 then return v:sub(1, 100) end
  return v
end
local object
local meta = {
  __add = function(a, b) return object(7) end, __sub = function(a, b) return b end,
  __mul = function(a, b) return 3, 4 end, __div = function() end, __mod = function(a) return a.v end,
  __unm = function(a) return -a.v end, __concat = function(a, b) return "cat" .. type(a) .. type(b) end,
  __len = function(a) return a.v end, __eq = function(a, b) return a.v == b.v end,
  __lt = function(a, b) return type(a) == type(b) and a.v < b.v end,
  __le = function(a, b) return type(a) == type(b) and a.v <= b.v end,
  __call = function(self, ...) tick() return select("#", ...), ... end,
  __index = function(self, k) if k == "bad" then error("no " .. k) end return k end,
  __newindex = function(self, k, v) if k == "bad" then error("no " .. k, 2) end rawset(self, k, v) end,
  __close = function(self, e) print("close", self.v, text(e, 1)) if self.v == 13 then error("in close", 0) end end,
  __band = function(a, b) return a end, __shl = function(a, b) return b end, __idiv = function(a, b) return 5, a end,
}
object = function(v) return setmetatable({ v = v }, meta) end
local function step(n, f, g) print(n, show(pcall(function() return f(g()) end))) end
local A, B, C, D, E = 1, "two", { 3, 2, 1, x = 5 }, object(4), function(...) return ... end
local function environment()
  local names = { A = A, B = B, C = C, D = D, E = E, tick = tick, text = text, show = show, clip = clip, object = object }
  return setmetatable(names, { __index = _G })
end
-- The program:
