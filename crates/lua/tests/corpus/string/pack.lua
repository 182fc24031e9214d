-- string.pack, string.unpack, string.packsize.
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
local function try(f, ...)
  local r = table.pack(pcall(f, ...))
  local ok = r[1]
  for i = 1, r.n do
    if type(r[i]) == "string" and ok and f == string.pack then r[i] = hex(r[i]) end
    if type(r[i]) == "string" then r[i] = ("%q"):format(r[i]) end
    r[i] = tostring(r[i])
  end
  return table.concat(r, " ")
end
-- every integer option with small and large values, in both orders
for _, option in ipairs { "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i12", "i15", "i16", "I1", "I2", "I3", "I7", "I8", "I9", "I16" } do
  for _, value in ipairs { 0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, 65535, 65536, 2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296, math.maxinteger, math.mininteger } do
    for _, order in ipairs { "<", ">" } do
      local format = order .. option
      local ok, packed = pcall(string.pack, format, value)
      if ok then
        print(format, value, hex(packed), #packed == string.packsize(format), try(string.unpack, format, packed))
      else
        print(format, value, packed)
      end
    end
  end
end
-- sizes and their limits
for _, format in ipairs { "i0", "i17", "I0", "I17", "s0", "s17", "!0", "!17", "!", "!1", "!16", "!3i4", "!3i2", "!4i3", "!8i16", "!16i16", "i", "c0", "c", "c5", "c2147483639", "c2147483647", "c2147483648", "c99999999999", "z", "s", "s1", "x", "xx", "X", "Xi4", "!Xi4", "!xXi4", "!4xXi8", "!xXd", "!xXb", "Xz", "Xs", "!xXs2", "Xx", "X ", "X<", "X!", "Xc1", "XXi4", "Xi17", "q", "i4q", " ", "", "  i1 i2 ", "< > = !4 b", "bhilj", "!bhilj", "!2bhilj", "!4bhilj", "fdn", "!fdn", "!bfbd", "i99999999999999", "\0i4", "b\0q", "\200", "c10c2147483639", "c2147483600c47", "c2147483600c48", "i16c2147483631", "i16c2147483632" } do
  print(("%q"):format(format), try(string.packsize, format))
end
-- alignment
for _, format in ipairs { "!b i4", "!4 b i8", "!8 b i8", "!2 b i4", "!b Xi4 b", "!b h b i b j", "!8 c3 i4", "!8 b d", "!4 b d", "!8 b s4", "!b z i4", "!8 b n f", ">!4 i2 i4 i2", "b !4 i4 !1 b i4" } do
  local values = {}
  for option in format:gmatch "[%a]%d*" do
    if not option:find "^[Xx]" and not format:find("X" .. option, 1, true) then
      local letter = option:sub(1, 1)
      values[#values + 1] = (letter == "c" or letter == "s" or letter == "z") and "abc" or letter:find "[dfn]" and 1.5 or #values + 1
    elseif format:find("X" .. option, 1, true) then
    end
  end
  local ok, packed = pcall(string.pack, format, table.unpack(values))
  print(format, hex(packed), try(string.unpack, format, packed))
end
print(hex(string.pack("!4 b Xi4 b", 1, 2)), hex(string.pack("!8 b Xd", 1)))
-- floats
for _, value in ipairs { 0.0, -0.0, 1, -1.5, 0.1, 1e300, -1e300, 1e-300, 1e39, 3.4028235e38, 2^-149, 2^-150, math.huge, -math.huge, math.pi, 2^53, math.maxinteger } do
  for _, option in ipairs { "<f", ">f", "<d", ">d", "<n", ">n", "=d" } do
    local packed = string.pack(option, value)
    print(option, value, hex(packed), string.unpack(option, packed))
  end
end
local nan = string.unpack("<d", string.pack("<d", 0/0)) print(nan ~= nan) nan = string.unpack("f", string.pack("f", 0/0)) print(nan ~= nan)
print(string.unpack("<f", "\1\0\0\0"), string.unpack("<d", "\1\0\0\0\0\0\0\0"))
-- strings
print(try(string.pack, "z", "hello"), try(string.pack, "z", ""), try(string.pack, "z", "a\0b"), try(string.pack, "z", 12))
print(try(string.pack, "s1", "hello"), try(string.pack, ">s2", "hello"), try(string.pack, "s", "x"), try(string.pack, ">s16", "x"), try(string.pack, "s3", ""))
print(try(string.pack, "s1", ("x"):rep(255)):sub(1, 12), try(string.pack, "s1", ("x"):rep(256)))
print(#string.pack("s2", ("x"):rep(65535)), try(string.pack, "s2", ("x"):rep(65536)))
print(try(string.pack, "c5", "hello"), try(string.pack, "c8", "hello"), try(string.pack, "c4", "hello"), try(string.pack, "c0", ""), try(string.pack, "c0", "x"), try(string.pack, "c2", 7))
print(try(string.unpack, "z", "hello\0rest"), try(string.unpack, "zz", "a\0b\0"), try(string.unpack, "z", "hello"), try(string.unpack, "z", ""))
print(try(string.unpack, "s1", "\5hello!"), try(string.unpack, "s1", "\5hell"), try(string.unpack, "s1", ""), try(string.unpack, ">s2s2", "\0\1a\0\2bc"))
print(try(string.unpack, "s9", "\1\0\0\0\0\0\0\0\0a"), try(string.unpack, "s9", "\1\0\0\0\0\0\0\0\1a"), try(string.unpack, "s8", "\255\255\255\255\255\255\255\255a"))
print(try(string.unpack, "c3", "hello"), try(string.unpack, "c0", ""), try(string.unpack, "c0", "x"), try(string.unpack, "c6", "hello"), try(string.unpack, "c3c2", "hello"))
-- padding, several values, positions
print(try(string.pack, "bxb", 1, 2), try(string.pack, "xxx"), try(string.pack, ""), try(string.pack, "", 1, 2), try(string.pack, " < > = "))
print(try(string.unpack, "bxb", "\1\0\2"), try(string.unpack, "", "abc"), try(string.unpack, "xx", "ab"), try(string.unpack, "xx", "a"))
local data = string.pack("<i2i2i2", 1, 2, 3)
for _, position in ipairs { 1, 3, 5, 6, 7, 8, 0, -1, -2, -6, -7, -100, math.maxinteger, math.mininteger } do
  print(position, try(string.unpack, "<i2", data, position), try(string.unpack, "", data, position))
end
print(try(string.unpack, "<!4 i2 i4", "\1\0\0\0\2\0\0\0"), try(string.unpack, "<!4 i4", "\0\1\0\0\0\2\0\0\0", 2), try(string.unpack, "<!4 i4", "\0\1\0\0\0\2\0\0\0", 5))
-- integers that do not fit
print(try(string.unpack, "<i9", "\255\255\255\255\255\255\255\255\255"), try(string.unpack, "<i9", "\255\255\255\255\255\255\255\255\0"), try(string.unpack, "<I9", "\255\255\255\255\255\255\255\255\0"), try(string.unpack, "<I9", "\255\255\255\255\255\255\255\255\255"))
print(try(string.unpack, ">i16", ("\0"):rep(15) .. "\7"), try(string.unpack, ">i16", ("\255"):rep(16)), try(string.unpack, ">I16", ("\255"):rep(16)), try(string.unpack, ">i12", "\1" .. ("\0"):rep(11)))
-- wrong arguments
print(try(string.pack)) print(try(string.pack, nil)) print(try(string.pack, {})) print(try(string.pack, "i")) print(try(string.pack, "i", nil)) print(try(string.pack, "i", "x")) print(try(string.pack, "i", "10")) print(try(string.pack, "i", 1.5)) print(try(string.pack, "i", 2.0)) print(try(string.pack, "i", "2.0")) print(try(string.pack, "ii", 1)) print(try(string.pack, "bib", 1, 2, {})) print(try(string.pack, "d", "x")) print(try(string.pack, "d", "0x10")) print(try(string.pack, "d")) print(try(string.pack, "z")) print(try(string.pack, "s", {})) print(try(string.pack, "c1", true)) print(try(string.pack, "xb", "q")) print(try(string.pack, "b", 300)) print(try(string.pack, "bbB", 1, 2, -1)) print(try(string.pack, 5))
print(try(string.unpack)) print(try(string.unpack, "i")) print(try(string.unpack, "i", {})) print(try(string.unpack, {}, "x")) print(try(string.unpack, "b", 12)) print(try(string.unpack, "b", "x", "y")) print(try(string.unpack, "b", "x", "1")) print(try(string.unpack, "b", "x", 1.5)) print(try(string.unpack, "b", "x", nil)) print(try(string.unpack, "q", "x"))
print(try(string.packsize)) print(try(string.packsize, nil)) print(try(string.packsize, {})) print(try(string.packsize, 5)) print(try(string.packsize, "b", 1))
print(pcall(function() return ("i4"):pack(1, 2):len(), ("b"):unpack("\1"), ("i4i4"):packsize() end))
print(pcall(function() return ("i"):pack({}) end)) print(pcall(function() local s = "i17" return s:packsize() end)) print(pcall(function() return string.unpack("i", "x") end))
-- a record format
local record = "<!4 B z s2 i4 d I2"
local packed = record:pack(200, "name", "payload", -5, 2.5, 0xABCD)
print(hex(packed), record:unpack(packed))
-- long data, many results
local many = {} for i = 1, 200 do many[i] = i * 1000 end
local long = string.pack(("<i4"):rep(200), table.unpack(many)) local back = table.pack(string.unpack(("<i4"):rep(200), long)) print(#long, back.n, back[1], back[200], back[201])
local big = ("0123456789"):rep(20000) local packed_big = string.pack("s4zc200010", big, big, big) local a, b, c, stop = string.unpack("s4zc200010", packed_big) print(#packed_big, a == big, b == big, #c, stop)
print(select("#", string.unpack(("b"):rep(240), ("x"):rep(240))))
