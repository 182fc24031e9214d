-- string.gmatch.
local function all(s, p, ...) local out = {} for a, b, c in string.gmatch(s, p, ...) do out[#out + 1] = tostring(a) .. (b and "," .. tostring(b) or "") .. (c and "," .. tostring(c) or "") end print(p, #out, table.concat(out, "|")) end
all("one two three", "%a+") all("one two", ".") all("", ".") all("", "") all("abc", "") all("abc", "x*") all("abc", "b*") all("a,b,,c", "[^,]*") all("a,b,,c", "([^,]*),?") all("k1=v1, k2=v2", "(%w+)=(%w+)") all("abc", "()") all("abc", "(.)()") all("aXbXc", "(.-)X") all("THE (quick) fox", "%f[%a]%a+") all("(a)(b(c))", "%b()") all("2024-01-02", "%d+") all("1 22 333", "()%d+()") all("aaa", "a") all("aaa", "aa") all("aaaa", "aa") all("hello", "l*") all("x=1;y=2;", "(%w)=(%d);") all("abab", "(a)(b)") all("line1\nline2\n\nline4", "[^\n]+") all("line1\nline2\n\nline4", "([^\n]*)\n?") all("$a ${b}", "%$%{?(%w+)%}?") all("ab12cd", "%a%a") all("ab12cd", "%d*") all("\0a\0b", "%Z") all("été", "[\128-\255]+" == nil and "" or "t")
-- anchors: in gmatch a ^ matches nothing special
all("aab", "^a") all("^a^a", "^a") all("aab", "b$") all("aab", "a$") all("a$b", "a$b")
-- init
all("hello", "l", 4) all("hello", ".", 4) all("hello", ".", -2) all("hello", ".", 6) all("hello", ".", 7) all("hello", ".", 100) all("hello", ".", -100) all("hello", ".", 0) all("hello", "", 5) all("hello", "", 6) all("hello", "", 7) all("hello", "()", -1) all("hello", "l", 3.0) all("hello", "l", "4") all("hello", "h", nil)
-- as a function
local f = string.gmatch("a b", "%a") print(f(), f(), f(), f()) local g = ("k=v"):gmatch("(%w)=(%w)") print(g()) print(g()) print(type(("x"):gmatch("x"))) print(select("#", string.gmatch("x", "x"))) local h = ("abc"):gmatch(".") print(h(1, 2), h("ignored")) print(h(), h())
-- two iterators over the same string, nested, and breaking out
for a in ("12"):gmatch(".") do for b in ("xy"):gmatch(".") do print(a .. b) end end for w in ("a b c"):gmatch("%a") do if w == "b" then break end print(w) end
-- the string and pattern are kept
local it do local s = ("ab"):rep(3) it = s:gmatch("ab") end collectgarbage() print(it(), it(), it(), it())
-- numbers
for d in string.gmatch(1234, "%d") do io_digits = (io_digits or "") .. d .. " " end print(io_digits)
-- building tables
local t = {} for k, v in ("a=1, b=2, c=3"):gmatch("(%w+)=(%w+)") do t[k] = tonumber(v) end print(t.a + t.b + t.c) local words = {} for w in ("the quick the lazy the"):gmatch("%w+") do words[w] = (words[w] or 0) + 1 end print(words.the, words.quick, words.lazy) local csv = {} for field in ("x,y,,z" .. ","):gmatch("([^,]*),") do csv[#csv + 1] = "<" .. field .. ">" end print(table.concat(csv))
-- changing things while iterating
local n = 0 for w in ("a b c d"):gmatch("%a") do n = n + 1 local inner = ("xyz"):gmatch(".") n = n + #inner() end print(n)
-- in coroutines
local co = coroutine.wrap(function() for w in ("p q r"):gmatch("%a") do coroutine.yield(w) end return "end" end) print(co(), co(), co(), co())
-- errors
for _, p in ipairs { "(", "%", "[a", ")", "(()", "%1", "%b", "%f" } do print(p, pcall(function() for x in ("abc"):gmatch(p) do end end)) end print(pcall(string.gmatch)) print(pcall(string.gmatch, "x")) print(pcall(string.gmatch, {}, "x")) print(pcall(string.gmatch, "x", {})) print(pcall(string.gmatch, "x", "x", {})) print(pcall(string.gmatch, "x", "x", 1.5)) print(pcall(string.gmatch, nil, "x"))
