-- Every option of string.pack with values at its edges, and back, from several positions.
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
local function shown(first, ...)
  local results = table.pack(...)
  for i = 1, results.n do
    local value = results[i]
    if value ~= value then value = "nan" end
    results[i] = type(value) == "string" and first and ("<" .. hex(value) .. ">") or tostring(value)
  end
  return tostring(first) .. " " .. table.concat(results, " ")
end
local function try(f, ...) print(shown(pcall(f, ...))) end
local formats = {
  "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "i1", "i2", "i3", "i7", "i8", "i9", "i16", "I1", "I3", "I9",
  "I16", "f", "d", "n", "s", "s1", "s2", "s16", "z", "x", "c0", "c3", ">i3", "<I2", "=h", "!2i4", "!bi8", "!4bs4", "bXi8",
  "!bXi8", "!bXd", ">!4 b i", "!bxXh",
}
local values = { 0, -1, 127, 128, 255, 256, -129, 65535, math.maxinteger, math.mininteger, 1.5, 2.0, "3", "abc", "a\0b", 1 / 0, true }
for _, format in ipairs(formats) do
  print(format, shown(pcall(string.packsize, format)))
  for _, value in ipairs(values) do
    local ok, packed = pcall(string.pack, format, value, value)
    print(format, value, ok, ok and hex(packed) or packed)
    if ok then
      try(string.unpack, format, packed)
      try(string.unpack, format, packed:sub(1, -2))
      try(string.unpack, format, packed .. "\xff", 2)
      try(string.unpack, format, packed, -1)
    end
  end
end
-- faulty formats
for _, format in ipairs {
  "Xi", "X", "!0", "!17", "i0", "i17", "s0", "s17", "c", "c-1", "y", "Xx", "Xc1", "Xz", "Xs", "XX", "!3i4", "!4i3", "!16i16",
  "c2147483647", "c2147483648", "c99999999999999999999", "i99999999999999", "s", "z", "c2147483647c1", "\0i", "i\0y", "",
} do
  print((format:gsub("\0", "\\0")), shown(pcall(string.packsize, format)))
end
for _, format in ipairs { "i4 i4", "z s1 >I2 <I2", "c5", "c3", "i17", "X", "b Xi4 b" } do try(string.pack, format, 1, 2) end
-- texts that are too short, too long or no numbers of ours
try(string.pack, "z", "a\0b") try(string.pack, "s1", ("x"):rep(256)) try(string.pack, "c3", "abcd") try(string.pack, "i4i4", 1)
try(string.unpack, "z", "abc") try(string.unpack, "s1", "\5abc") try(string.unpack, "s8", ("\xff"):rep(8)) try(string.unpack, "c10", "abc")
try(string.unpack, "i16", ("\xff"):rep(16)) try(string.unpack, "i16", ("\xff"):rep(8) .. ("\0"):rep(8))
try(string.unpack, "I16", ("\xff"):rep(8) .. ("\0"):rep(8)) try(string.unpack, ">i16", ("\0"):rep(8) .. ("\xff"):rep(8))
try(string.unpack, "I9", ("\xff"):rep(9)) try(string.unpack, "I8", ("\xff"):rep(8)) try(string.unpack, "b", "", 1) try(string.unpack, "b", "a", 3)
try(string.unpack, "f", string.pack("f", 3.4028235e38)) try(string.unpack, "f", string.pack("f", 1e39)) try(string.unpack, "<f", "\1\0\0\0")
try(string.unpack, ">d", "\x7f\xf0\0\0\0\0\0\0") try(string.unpack) try(string.pack) try(string.packsize) try(string.unpack, "b")
-- more results than any caller has room for
print(select("#", pcall(string.unpack, ("b"):rep(1100000), ("x"):rep(1100000))))
print(pcall(string.unpack, ("b"):rep(1100000), ("x"):rep(1100000)))
