-- How many constructs of a pattern may be in force at once.
for _, n in ipairs { 100, 150, 180, 195, 196, 197, 198, 199, 200, 201, 250, 300 } do
 print(n, pcall(string.match, ("a"):rep(n), ("a?"):rep(n)))
 print(n, pcall(string.match, ("("):rep(10) .. (")"):rep(10), ("%b()"):rep(n)))
 print(n, pcall(string.match, ("a"):rep(n), ("(a)"):rep(32) .. ("b?"):rep(n)))
end
