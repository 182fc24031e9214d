-- A tokenizer for a small language, an indenter and a statistics report.
local keywords = {}
for w in ("and break do else elseif end for function if in local nil not or repeat return then true until while"):gmatch "%a+" do keywords[w] = true end
local rules = {
  { "space", "^%s+" }, { "comment", "^%-%-[^\n]*" }, { "name", "^[%a_][%w_]*" }, { "number", "^0[xX]%x+" }, { "number", "^%d+%.?%d*[eE][+-]?%d+" }, { "number", "^%d+%.?%d*" },
  { "string", function(s, p)
    local q = s:sub(p, p)
    if q ~= '"' and q ~= "'" then return end
    local i = p + 1
    while i <= #s do
      local c = s:sub(i, i)
      if c == "\\" then i = i + 2 elseif c == q then return p, i elseif c == "\n" then break else i = i + 1 end
    end
    error("unfinished string", 0)
  end },
  { "op", "^[=~<>]=" }, { "op", "^%.%.%.?" }, { "op", "^//" }, { "op", "^[-+*/%%^#=<>(){}%[%];:,.]" },
}
local function tokens(src)
  return coroutine.wrap(function()
    local pos, line = 1, 1
    while pos <= #src do
      local matched
      for _, r in ipairs(rules) do
        local s, e
        if type(r[2]) == "string" then s, e = src:find(r[2], pos) else s, e = r[2](src, pos) end
        if s then
          local text = src:sub(s, e)
          local kind = r[1] == "name" and keywords[text] and "keyword" or r[1]
          if kind ~= "space" then coroutine.yield(kind, text, line) end
          line = line + select(2, text:gsub("\n", "\n"))
          pos, matched = e + 1, true
          break
        end
      end
      if not matched then error(("line %d: unexpected %q"):format(line, src:sub(pos, pos)), 0) end
    end
  end)
end
local source = [[
local function fact(n) -- factorial
  if n <= 1 then return 1 end
  return n * fact(n - 1)
end
for i = 1, 0x10 do
  local s = "i=\"" .. i .. '\'' print(s, #s, i // 2 ~= 3.5e+2)
end
t = { x = 1, ["y"] = {}; f = function(...) return ... end }
]]
local counts, lines = {}, {}
for kind, text, line in tokens(source) do
  counts[kind] = (counts[kind] or 0) + 1
  lines[line] = lines[line] or {}
  table.insert(lines[line], kind:sub(1, 1) .. ":" .. text)
end
for i, l in ipairs(lines) do print(i, table.concat(l, " ")) end
local kinds = {}
for k in pairs(counts) do kinds[#kinds + 1] = k end
table.sort(kinds, function(a, b) if counts[a] ~= counts[b] then return counts[a] > counts[b] end return a < b end)
for _, k in ipairs(kinds) do print(("%-8s %3d %s"):format(k, counts[k], ("#"):rep(counts[k] // 2))) end
print(pcall(function() for k, t in tokens "x = @y" do print(k, t) end end))
print(pcall(function() for k, t in tokens "s = 'abc\n'" do print(k, t) end end))
-- an indenter
local function indent(src)
  local out, depth = {}, 0
  for line in src:gmatch "[^\n]+" do
    local opens, closes, leading = 0, 0, true
    local before = depth
    for kind, text in tokens(line) do
      local close = text == "end" or text == "until" or text == "else" or text == "elseif" or text == "}"
      local open = text == "do" or text == "then" or text == "function" or text == "repeat" or text == "else" or text == "{"
      if kind == "keyword" or kind == "op" then
        if close then depth = depth - 1 if leading then before = depth end end
        if open then depth = depth + 1 end
      end
      leading = false
    end
    out[#out + 1] = ("  "):rep(before) .. line:match "^%s*(.*)$"
  end
  return table.concat(out, "\n")
end
print(indent "for i = 1, 2 do\nif x then\nprint(i)\nelse\nt = {\n1,\n}\nend\nend\nprint 'done'")
-- csv with quotes, ini, template, word wrap of tokens
local function csv(line)
  local out, pos = {}, 1
  while true do
    if line:sub(pos, pos) == '"' then
      local txt = ""
      repeat
        local s, e, part, q = line:find('^"(.-)"("?)', pos)
        if not s then error("unbalanced quotes", 0) end
        txt, pos = txt .. part .. q, e + (q == "" and 1 or 0)
      until q == ""
      out[#out + 1] = txt
    else
      local field, e = line:match("^([^,]*)()", pos)
      out[#out + 1], pos = field, e
    end
    if line:sub(pos, pos) ~= "," then return out end
    pos = pos + 1
  end
end
for _, l in ipairs { "a,b,c", 'x,"y, z",w', '"he said ""hi""",2', ",,", "", '"",a', "last," } do local f = csv(l) print(#f, table.concat(f, "|")) end
print(pcall(csv, '"open'))
local ini, section = {}, nil
for line in ("[main]\nx = 1\n; comment\n\n[other]\ny = two words \nflag\n"):gmatch "[^\n]+" do
  local s = line:match "^%[(.-)%]$"
  local k, v = line:match "^(%w+)%s*=%s*(.-)%s*$"
  if s then section = {} ini[s] = section elseif k then section[k] = tonumber(v) or v elseif not line:find "^;" then section[line] = true end
end
print(ini.main.x, math.type(ini.main.x), ini.other.y, ini.other.flag)
local function template(s, env) return (s:gsub("{{%s*([%w.]+)%s*|?%s*(%w*)%s*}}", function(path, f) local v = env for k in path:gmatch "[^.]+" do v = v and v[tonumber(k) or k] end v = tostring(v == nil and "?" or v) return f ~= "" and string[f](v) or v end)) end
print(template("Hi {{ user.name | upper }}, {{user.tags.2}} {{missing.x}} {{ n|reverse }}", { user = { name = "ann", tags = { "a", "b" } }, n = 123 }))
