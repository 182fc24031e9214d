-- `string.format` looks at most arguments before it looks at flags.
for _, format in ipairs { "%#d", "%123d", "%+3X", "% u", "%.123f", "%0118x", "%10.123s", "%5.5c", "%#c", "%123a", "%10q", "%z", "%-z" } do
  if format ~= "%10.123s" then print(format, pcall(string.format, format, {})) end
  print(format, pcall(string.format, format, "x"))
  print(format, pcall(string.format, format, 1.5))
  print(format, pcall(string.format, format, 65))
  print(format, pcall(string.format, format, "x\0"))
  print(format, pcall(string.format, format))
end
