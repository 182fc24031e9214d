-- Character classes, sets, quantifiers: what each of the 256 bytes matches.
local function class(p) local out, from, last = {}, nil, nil for i = 0, 256 do local m = i < 256 and string.char(i):find(p) ~= nil if m and not from then from = i elseif not m and from then out[#out + 1] = from == i - 1 and tostring(from) or from .. "-" .. i - 1 from = nil end end return table.concat(out, " ") end
for _, p in ipairs { ".", "%a", "%A", "%c", "%C", "%d", "%D", "%g", "%G", "%l", "%L", "%p", "%P", "%s", "%S", "%u", "%U", "%w", "%W", "%x", "%X", "%z", "%Z", "a", "%.", "%%", "%-", "[abc]", "[^abc]", "[a-f]", "[^a-f]", "[a-fx-z0]", "[%a_]", "[%w%-]", "[^%s]", "[^%d%s]", "[]]", "[^]]", "[a-]", "[-a]", "[%]]", "[%a-z]", "[a%-z]", "[0-9a-fA-F]", "[\0-\31]", "[\128-\255]", "[^\0-\127]", "[a^]", "[.]", "[$]", "[%%]", "[%^x]", "[z-a]", "[a-a]", "[!-/]", "[%d%l]", "[%D]", "[^%D]", "[%S%d]", "%1x" } do
  local ok, r = pcall(class, p) print(p:gsub("[\0-\31\127-\255]", function(c) return "\\" .. c:byte() end), ok, r)
end
for _, p in ipairs { "%f[a]", "%y", "%_", "%!", "%é", "[é]" } do local ok, r = pcall(class, p) print(p, ok, r) end
