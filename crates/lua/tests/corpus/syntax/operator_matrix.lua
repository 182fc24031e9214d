-- Every binary operator on every pair of kinds of operands.
local values = {
  { "nil", nil }, { "true", true }, { "7", 7 }, { "-3", -3 }, { "2.5", 2.5 }, { "4.0", 4.0 }, { "0", 0 }, { "'5'", "5" }, { "'x'", "x" }, { "{}", {} }, { "print", print },
}
local ops = { "+", "-", "*", "/", "//", "%", "^", "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or" }
local function show(v)
  if type(v) == "table" or type(v) == "function" then return type(v) end
  if v ~= v then return "nan" end
  return tostring(v)
end
for _, op in ipairs(ops) do
  local f = load("local a, b = ... return a " .. op .. " b", "=op")
  for _, a in ipairs(values) do
    local out = {}
    for i, b in ipairs(values) do
      local ok, r = pcall(f, a[2], b[2])
      out[i] = show(r):gsub("^op:1: ", "!"):gsub("attempt to ", "")
    end
    print(a[1] .. " " .. op, table.concat(out, " | "))
  end
end
for _, op in ipairs { "-", "~", "#", "not " } do
  local f = load("local a = ... return " .. op .. "a", "=op")
  for _, a in ipairs(values) do print(op .. a[1], show((select(2, pcall(f, a[2]))))) end
end
-- the same with a constant on the right and on the left
for _, op in ipairs(ops) do
  for _, k in ipairs { "3", "2.5", "'5'", "'x'", "nil", "true", "1000000", "-1" } do
    local f, g = load("local a = ... return a " .. op .. " " .. k, "=op"), load("local a = ... return " .. k .. " " .. op .. " a", "=op")
    local out = {}
    for i, a in ipairs { 7, 2.5, "5", "x", false } do
      out[#out + 1] = show((select(2, pcall(f, a)))):gsub("^op:1: attempt to ", "!")
      out[#out + 1] = show((select(2, pcall(g, a)))):gsub("^op:1: attempt to ", "!")
    end
    print(op .. " " .. k, table.concat(out, " | "))
  end
end
