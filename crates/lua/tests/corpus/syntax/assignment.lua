-- Multiple assignment and adjustment.
local a, b, c = 1, 2
print(a, b, c)
a, b = b, a
print(a, b)
a, b, c = 1
print(a, b, c)
a, b = 1, 2, 3
print(a, b)
local function three() return 1, 2, 3 end
local function none() end
a, b, c = three()
print(a, b, c)
a, b, c = 0, three()
print(a, b, c)
a, b, c = three(), 10
print(a, b, c)
a, b, c = (three())
print(a, b, c)
a, b, c = none()
print(a, b, c)
a, b, c = none(), none(), 5
print(a, b, c)
local x, y, z, w = three()
print(x, y, z, w)
local x <const>, y, z = 5, three()
print(x, y, z)
-- right-hand sides are evaluated before any assignment
local i = 1
local t = {}
i, t[i] = i + 1, 20
print(i, t[1], t[2])
local p = { 1, 2, 3 }
p[1], p[2], p[3] = p[3], p[1], p[2]
print(p[1], p[2], p[3])
local q = { next = { next = { v = "deep" } } }
q, q.next = q.next, "changed"
print(type(q.next), q.next.v)
local k, obj = "a", {}
obj[k], k = 1, "b"
print(obj.a, obj.b, k)
do
  local a = {}
  local saved = a
  a.x, a = 1, nil
  print(saved.x, a)
end
do
  local n = 0
  local function nextn() n = n + 1 return n end
  local t = {}
  t[nextn()], t[nextn()], t[nextn()] = nextn(), nextn(), nextn()
  print(t[1], t[2], t[3], n)
end
-- globals, fields, upvalues
g1, g2 = 1, 2
g1, g2 = g2, g1
print(g1, g2, _G.g1, _ENV.g2)
g1, g2 = nil
print(g1, g2)
local up = 1
local function setup(v) up, up2 = v, v end
setup(9)
print(up, up2)
local tt = { n = 1, { 2 } }
tt.n, tt[1][1], tt["s p"] = 10, 20, 30
print(tt.n, tt[1][1], tt["s p"])
tt[1.0] = "one" tt[2^53] = "big"
print(tt[1], tt[2^53 | 0])
-- swap through function results
local function swap(a, b) return b, a end
a, b = swap(1, 2)
print(a, b)
print((three()), three(), (three()))
print(({ three() })[1], #{ three() }, #{ three(), three() }, #{ (three()) }, #{ none() })
