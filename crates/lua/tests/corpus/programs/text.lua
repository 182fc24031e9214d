-- String builder, wrapping, justification, roman numerals, ciphers, run-length coding, tables of text.
local text = "The quick brown fox jumps over the lazy dog, and then it rests for a long while under the old oak tree by the river."
local function wrap(s, width)
  local lines, line = {}, ""
  for word in s:gmatch "%S+" do
    if #line > 0 and #line + 1 + #word > width then lines[#lines + 1] = line line = word
    else line = #line > 0 and line .. " " .. word or word end
  end
  if #line > 0 then lines[#lines + 1] = line end
  return lines
end
local function justify(line, width)
  local words = {}
  for w in line:gmatch "%S+" do words[#words + 1] = w end
  if #words == 1 then return line end
  local chars = #table.concat(words)
  local gaps, spaces = #words - 1, width - chars
  local out = {}
  for i, w in ipairs(words) do
    out[#out + 1] = w
    if i <= gaps then out[#out + 1] = (" "):rep(spaces // gaps + (i <= spaces % gaps and 1 or 0)) end
  end
  return table.concat(out)
end
for _, w in ipairs { 20, 33 } do
  local lines = wrap(text, w)
  for i, l in ipairs(lines) do print("|" .. (i < #lines and justify(l, w) or l .. (" "):rep(w - #l)) .. "|") end
end
local function center(s, w) local l = (w - #s) // 2 return (" "):rep(l) .. s .. (" "):rep(w - #s - l) end
print("[" .. center("mid", 10) .. "]", ("[%10s][%-10s]"):format("right", "left"))
local Builder = setmetatable({}, { __call = function(cls) return setmetatable({ parts = {}, n = 0 }, cls) end })
Builder.__index = Builder
function Builder:add(f, ...) self.n = self.n + 1 self.parts[self.n] = select("#", ...) > 0 and f:format(...) or tostring(f) return self end
Builder.__concat = function(a, b) return tostring(a) .. tostring(b) end
Builder.__len = function(b) local n = 0 for _, p in ipairs(b.parts) do n = n + #p end return n end
Builder.__tostring = function(b) return table.concat(b.parts) end
local b = Builder():add("x=%d", 5):add(", "):add("y=%.2f", 1.5):add(12)
print(b, #b, b .. "!", "<" .. b .. ">")
local numerals = { { 1000, "M" }, { 900, "CM" }, { 500, "D" }, { 400, "CD" }, { 100, "C" }, { 90, "XC" }, { 50, "L" }, { 40, "XL" }, { 10, "X" }, { 9, "IX" }, { 5, "V" }, { 4, "IV" }, { 1, "I" } }
local function roman(n) local s = "" for _, p in ipairs(numerals) do while n >= p[1] do s, n = s .. p[2], n - p[1] end end return s end
local values = { I = 1, V = 5, X = 10, L = 50, C = 100, D = 500, M = 1000 }
local function unroman(s) local n, last = 0, 0 for c in s:reverse():gmatch "." do local v = values[c] n = v < last and n - v or n + v last = math.max(last, v) end return n end
for _, n in ipairs { 1, 4, 9, 14, 40, 90, 400, 1994, 2024, 3999 } do print(n, roman(n), unroman(roman(n))) end
local good = true
for n = 1, 3999 do good = good and unroman(roman(n)) == n end
print(good)
local function caesar(s, k) return (s:gsub("%a", function(c) local base = c:find "%l" and 97 or 65 return string.char((c:byte() - base + k) % 26 + base) end)) end
print(caesar("Hello, World!", 3), caesar(caesar("Hello, World!", 3), -3), caesar("xyz", 29))
local function rle(s) local out, i = {}, 1 while i <= #s do local run = s:match("^" .. s:sub(i, i):gsub("%p", "%%%0") .. "+", i) out[#out + 1] = (#run > 1 and #run or "") .. s:sub(i, i) i = i + #run end return table.concat(out) end
local function unrle(s) return (s:gsub("(%d*)(%D)", function(n, c) return c:rep(n == "" and 1 or tonumber(n)) end)) end
for _, s in ipairs { "aaabccd", "", "abc", "zzzzzzzzzzzz", "..--%%" } do print(s, rle(s), unrle(rle(s)) == s) end
local b64c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(s)
  return (s:gsub("..?.?", function(g)
    local a, b, c = g:byte(1, 3)
    local v = a << 16 | (b or 0) << 8 | (c or 0)
    local function ch(shift) local i = (v >> shift & 63) + 1 return b64c:sub(i, i) end
    return ch(18) .. ch(12) .. (b and ch(6) or "=") .. (c and ch(0) or "=")
  end))
end
local function unbase64(s)
  local bits, n, out = 0, 0, {}
  for c in s:gmatch "[^=]" do
    bits, n = bits << 6 | (b64c:find(c, 1, true) - 1), n + 6
    if n >= 8 then n = n - 8 out[#out + 1] = string.char(bits >> n & 255) bits = bits & (1 << n) - 1 end
  end
  return table.concat(out)
end
for _, s in ipairs { "", "f", "fo", "foo", "foob", "fooba", "foobar", "\0\255\128" } do print(base64(s), unbase64(base64(s)) == s) end
local function crc32(s) local c = 0xffffffff for i = 1, #s do c = c ~ s:byte(i) for _ = 1, 8 do c = c & 1 == 1 and c >> 1 ~ 0xedb88320 or c >> 1 end end return c ~ 0xffffffff end
print(("%08x %08x"):format(crc32 "123456789", crc32 ""))
local function adler(s) local a, b = 1, 0 for i = 1, #s do a = (a + s:byte(i)) % 65521 b = (b + a) % 65521 end return b << 16 | a end
print(("%08x"):format(adler "Wikipedia"))
local function words(n) local ones = { "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen" } local tens = { "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety" } if n == 0 then return "zero" end local function below(n) if n == 0 then return "" elseif n < 20 then return ones[n] elseif n < 100 then return tens[n // 10] .. (n % 10 > 0 and "-" .. ones[n % 10] or "") end return ones[n // 100] .. " hundred" .. (n % 100 > 0 and " " .. below(n % 100) or "") end local out = {} for _, u in ipairs { { 1000000, " million" }, { 1000, " thousand" }, { 1, "" } } do local k = n // u[1] if k > 0 then out[#out + 1] = below(k) .. u[2] end n = n % u[1] end return table.concat(out, " ") end
for _, n in ipairs { 0, 7, 13, 42, 100, 999, 1001, 12345, 1000000, 7654321 } do print(n, words(n)) end
local freq, order = {}, {}
for w in text:lower():gmatch "%a+" do if not freq[w] then freq[w] = 0 order[#order + 1] = w end freq[w] = freq[w] + 1 end
table.sort(order, function(x, y) if freq[x] ~= freq[y] then return freq[x] > freq[y] end return x < y end)
for i = 1, 5 do print(("%-6s%2d"):format(order[i], freq[order[i]])) end
print(("A man, a plan, a canal: Panama"):lower():gsub("%A", "") == ("A man, a plan, a canal: Panama"):lower():gsub("%A", ""):reverse())
