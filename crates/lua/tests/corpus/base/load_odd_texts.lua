-- Texts at the edges of what `load` takes.
for _, text in ipairs { "#", "#x\nreturn 1", ".0x1", ".0x1n", "x = .0x1p4", "x = .0e1", "x = .0f", "return .5e+", "x=0x.p1", "x = 0x", "x = 3..2" } do
  print(select(2, load(text, "@file")))
  print(select(2, load(text, "=text")))
end
