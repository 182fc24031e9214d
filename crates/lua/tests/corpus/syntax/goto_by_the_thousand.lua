-- Labels and jumps by the thousand, in blocks and out of them, and large integers.
local COUNT = 3000

local function chunk(make)
  local parts = {}
  for i = 1, COUNT do parts[i] = make(i) end
  return table.concat(parts, "\n")
end

local function run(name, source, ...)
  local f, problem = load(source, "=" .. name)
  if not f then return print(name, problem) end
  print(name, f(...))
end

-- The jumps go through the labels from the last to the first.
run("forward", "local n = 0\ngoto l" .. COUNT .. "\n" .. chunk(function(i)
  return ("do goto e%d end ::l%d:: n = n + %d; %s ::e%d::"):format(
    i, i, i, i == 1 and "do return n end" or "goto l" .. i - 1, i)
end) .. "\nreturn 'end', n")

run("backward", "local n, at = 0, ...\n" .. chunk(function(i)
  return ("::l%d:: n = n + 1; if at == %d then at = 0; goto l%d end"):format(i, i, i // 2 + 1)
end) .. "\nreturn n", COUNT)

run("one label", "local n = 0\n" .. chunk(function(i)
  return ("do n = n + 1; if n > %d then goto done end end"):format(COUNT + i % 7)
end) .. "\n::done:: return n")

run("same name in blocks", "local n = 0\n" .. chunk(function()
  return "do goto skip; n = n + 1000; ::skip:: n = n + 1 end"
end) .. "\nreturn n")

run("breaks", "local n = 0\nwhile true do\n" .. chunk(function(i)
  return ("for i = 1, 9 do n = n + 1; if i == %d then break end end"):format(i % 5 + 1)
end) .. "\nbreak end\nreturn n")

run("in functions", "local n = 0\n" .. chunk(function(i)
  return (";(function() goto a; ::b:: do return end ::a:: n = n + %d; goto b end)()"):format(i)
end) .. "\nreturn n")

run("nested", ("do "):rep(150) .. chunk(function(i) return "do goto out" .. i % 2 .. " end" end)
  .. (" end"):rep(150) .. "::out0:: ::out1:: return 'out'")

-- What is wrong is told of the first that is.
run("undefined", chunk(function(i) return ("goto a%d ::a%d::"):format(i, i ~= 700 and i or 0) end))
run("undefined in a block", chunk(function(i) return "do goto b" .. i .. " end" end))
run("again", chunk(function(i) return "::c" .. i % 2000 .. ":: x = 1" end))
run("into scope", chunk(function(i) return "goto d" .. i end) .. "\nlocal x\n"
  .. chunk(function(i) return "::d" .. COUNT + 1 - i .. ":: y = 1" end) .. "\nprint(x)")
run("not visible", "do ::inner:: end\n" .. chunk(function(i) return "::e" .. i .. ":: z = 1" end) .. "\ngoto inner")
run("break outside", chunk(function() return "while true do break end" end) .. "\nbreak")

run("large integers", "local t = {}\n" .. chunk(function(i)
  return ("t[%d] = 0x%x"):format(i, math.maxinteger - i % 1000)
end) .. "\nlocal n = 0 for i = 1, #t do n = n ~ t[i] end return n, t[1], t[1001]")
