-- Escape sequences of short strings.
local function bytes(s)
  local t = {}
  for i = 1, #s do t[#t + 1] = s:byte(i) end
  return table.concat(t, " ")
end
print("simple", bytes("\a\b\f\n\r\t\v"))
print("quotes", "\"", '\'', "'", '"', "\\")
print("decimal", bytes("\0\1\01\001\0011\255\12a\0100"))
print("hex", bytes("\x00\x41\x7f\xFF\xaB"))
print("hex then digit", bytes("\x411"))
print("z", "one\z
            two\z   three", bytes("\z   x"), #"\z")
print("z empty lines", "a\z


   b")
print("newline", bytes("a\
b"))
print("u1", bytes("\u{0}\u{41}\u{7F}"))
print("u2", bytes("\u{80}\u{7FF}\u{e9}"))
print("u3", bytes("\u{800}\u{FFFF}\u{20AC}"))
print("u4", bytes("\u{10000}\u{10FFFF}\u{1F600}"))
print("u5", bytes("\u{200000}\u{3FFFFFF}"))
print("u6", bytes("\u{4000000}\u{7FFFFFFF}"))
print("u leading zeros", bytes("\u{0000000041}"))
print("utf8 literal", bytes("é€"), #"é€")
print("nul inside", #"a\0b", "a\0b" == "a\0b", "a\0b" == "a\0c", "a\0b" < "a\0c")
print("mixed", bytes("\65\066\x43\u{44}E"))
print("long has no escapes", [[\n\x41\u{41}]], #[[\]])
local function try(src)
  local f, e = load(src, "=s")
  print(f and bytes(f()) or e)
end
try[[return "\q"]]
try[[return "\256"]]
try[[return "\300x"]]
try[[return "\xg0"]]
try[[return "\x4"]]
try[[return "\u41"]]
try[[return "\u{}"]]
try[[return "\u{41"]]
try[[return "\u{80000000}"]]
try[[return "\u{zz}"]]
try('return "abc')
try('return "abc\ndef"')
try("return 'abc\\")
try("return 'a\\\r\nb'")
try("return 'a\\\n\rb'")
try("return 'a\\\rb'")
try("return 'a\\\r\rb'")
try('return "\\"')
try('return "\\z \r\n\t\v\f x"')
