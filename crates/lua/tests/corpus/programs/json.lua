-- A JSON encoder and decoder.
local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function quote(s)
  return '"' .. s:gsub('[%c"\\]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end
local null = setmetatable({}, { __tostring = function() return "null" end })
local encode
local function is_array(t)
  local n = 0
  for k in pairs(t) do
    if math.type(k) ~= "integer" or k < 1 then return false end
    n = n + 1
  end
  return n == #t
end
function encode(v, indent, level)
  level = level or 0
  local ty = type(v)
  if v == null or v == nil then return "null"
  elseif ty == "boolean" then return tostring(v)
  elseif ty == "number" then
    if v ~= v or v == math.huge or v == -math.huge then error("cannot encode number " .. (v ~= v and "nan" or v)) end
    return math.type(v) == "integer" and ("%d"):format(v) or ("%.14g"):format(v)
  elseif ty == "string" then return quote(v)
  elseif ty == "table" then
    local parts, open, close = {}, "{", "}"
    if next(v) ~= nil and is_array(v) then
      open, close = "[", "]"
      for i, x in ipairs(v) do parts[i] = encode(x, indent, level + 1) end
    else
      local keys = {}
      for k in pairs(v) do
        if type(k) ~= "string" then error("bad key type " .. type(k)) end
        keys[#keys + 1] = k
      end
      table.sort(keys)
      for i, k in ipairs(keys) do parts[i] = quote(k) .. (indent and ": " or ":") .. encode(v[k], indent, level + 1) end
    end
    if #parts == 0 then return open .. close end
    if not indent then return open .. table.concat(parts, ",") .. close end
    local pad = "\n" .. indent:rep(level + 1)
    return open .. pad .. table.concat(parts, "," .. pad) .. "\n" .. indent:rep(level) .. close
  end
  error("cannot encode a " .. ty)
end
local function decode(s)
  local pos = 1
  local function fail(msg)
    local line = select(2, s:sub(1, pos):gsub("\n", "")) + 1
    error({ msg = msg, pos = pos, line = line })
  end
  local function skip() pos = s:match("^[ \t\r\n]*()", pos) end
  local value
  local unescapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
  local function str()
    pos = pos + 1
    local out = {}
    while true do
      local chunk, c, after = s:match('^([^"\\%c]*)(.)()', pos)
      if not c then fail "unfinished string" end
      out[#out + 1] = chunk
      pos = after
      if c == '"' then return table.concat(out) end
      if c ~= "\\" then fail "control character in string" end
      local e = s:sub(pos, pos)
      if e == "u" then
        local hex = s:match("^%x%x%x%x", pos + 1) or fail "bad unicode escape"
        out[#out + 1] = utf8.char(tonumber(hex, 16))
        pos = pos + 5
      else
        out[#out + 1] = unescapes[e] or e:match '["\\/]' or fail "bad escape"
        pos = pos + 1
      end
    end
  end
  local function container(close, item)
    pos = pos + 1
    local r, n = {}, 0
    skip()
    if s:sub(pos, pos) == close then pos = pos + 1 return r end
    while true do
      n = n + 1
      item(r, n)
      skip()
      local c = s:sub(pos, pos)
      pos = pos + 1
      if c == close then return r end
      if c ~= "," then pos = pos - 1 fail("',' or '" .. close .. "' expected") end
    end
  end
  function value()
    skip()
    local c = s:sub(pos, pos)
    if c == "{" then
      return container("}", function(r)
        skip()
        if s:sub(pos, pos) ~= '"' then fail "key expected" end
        local k = str()
        skip()
        if s:sub(pos, pos) ~= ":" then fail "':' expected" end
        pos = pos + 1
        r[k] = value()
      end)
    elseif c == "[" then return container("]", function(r, n) r[n] = value() end)
    elseif c == '"' then return str() end
    local num, after = s:match("^(-?%d+%.?%d*[eE]?[+-]?%d*)()", pos)
    if num then pos = after return tonumber(num) or fail "bad number" end
    for word, v in pairs { ["true"] = true, ["false"] = false, null = null } do
      if s:sub(pos, pos + #word - 1) == word then pos = pos + #word return v end
    end
    fail(c == "" and "value expected at the end" or "unexpected '" .. c .. "'")
  end
  local v = value()
  skip()
  if pos <= #s then fail "trailing text" end
  return v
end
print(encode { 1, 2.5, "three", true, false, null, {}, { a = 1 } })
print(encode { name = "x\"y\\z\n\1", list = { 1, { 2, { 3 } } }, empty = {}, nested = { k = { k = "deep" } } })
print(encode({ b = { 1, 2 }, a = { x = null }, c = "é€" }, "  "))
for _, text in ipairs { '{"a":[1,2,{"b":null}],"c":"\\u00e9\\n\\"","d":-1.5e3}', " [ ] ", "{}", "true", '"\\/"', "[1,[2,[3,[4]]]]", "-0", "1E2", '{"a":{"b":{"c":{}}}}', '["\\u20ac"]' } do print(encode(decode(text))) end
for _, text in ipairs { "", "[1,", "[1 2]", '{"a" 1}', "{a:1}", '"abc', '"\\x"', '"\\u12"', "nul", "[1]]", "{\n\n!", "-", '"a\nb"', "[1,]", '{"a":1,}', "1.2.3", "+1" } do
  local ok, e = pcall(decode, text)
  print(ok, e.msg, e.pos, e.line)
end
print(pcall(encode, { [1] = 1, x = 2 })) print(pcall(encode, print)) print(pcall(encode, { 1 / 0 })) print(encode(decode(encode { { { { "round" } } } })) == encode { { { { "round" } } } })
