-- Every library function with one and two arguments of each kind; only the messages are shown.
local kinds = { { "none" }, { "nil", nil }, { "true", true }, { "7", 7 }, { "1.5", 1.5 }, { "'x'", "x" }, { "'5'", "5" }, { "{}", {} }, { "print", print } }
local skip = { ["math.atan"] = true, ["math.atan2"] = true, ["math.random"] = true, ["math.randomseed"] = true, ["string.pack"] = true, ["string.unpack"] = true, ["string.packsize"] = true, ["string.dump"] = true, ["coroutine.yield"] = true, ["base.print"] = true, ["base.collectgarbage"] = true, ["base.xpcall"] = true, ["base.pcall"] = true, ["coroutine.running"] = true }
local libs = {
  base = { "assert", "error", "getmetatable", "ipairs", "load", "next", "pairs", "rawequal", "rawget", "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring", "type" },
  coroutine = { "close", "create", "isyieldable", "resume", "status", "wrap" },
  math = { "abs", "acos", "asin", "ceil", "cos", "deg", "exp", "floor", "fmod", "log", "max", "min", "modf", "rad", "sin", "sqrt", "tan", "tointeger", "type", "ult" },
  string = { "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper" },
  table = { "concat", "insert", "move", "pack", "remove", "sort", "unpack" },
  utf8 = { "char", "codepoint", "codes", "len", "offset" },
}
local function outcome(f, ...)
  local r = table.pack(pcall(f, ...))
  if not r[1] then return type(r[2]) == "string" and r[2] or "error:" .. type(r[2]) end
  for i = 2, r.n do
    local v = r[i]
    r[i] = (type(v) == "table" or type(v) == "function" or type(v) == "thread" or type(v) == "string" and v:find "0x") and type(v) or v ~= v and "nan" or tostring(v)
  end
  return "ok " .. table.concat(r, ",", 2, r.n)
end
for _, lib in ipairs { "base", "coroutine", "math", "string", "table", "utf8" } do
  for _, name in ipairs(libs[lib]) do
    if not skip[lib .. "." .. name] then
      local f = lib == "base" and _G[name] or _G[lib][name]
      for i, a in ipairs(kinds) do
        if i == 1 then print(name .. "()", outcome(f)) else
          print(("%s(%s)"):format(name, a[1]), outcome(f, a[2]))
          if not (name == "load" and a[1] == "print") then
            for j = 2, #kinds do
              local b = kinds[j]
              if (i + j) % 2 == 0 then print(("%s(%s, %s)"):format(name, a[1], b[1]), outcome(f, type(a[2]) == "table" and {} or a[2], b[2])) end
            end
          end
        end
      end
    end
  end
end
