--- program app.test:main
local check = require("check")
local eq, fails, raises = check.eq, check.fails, check.raises

local function same(got, want, path)
    path = path or "value"
    if type(want) ~= "table" then
        assert(got == want and math.type(got) == math.type(want),
            path .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
        return
    end
    assert(type(got) == "table", path .. ": wanted a table, got " .. tostring(got))
    for k, v in pairs(want) do same(got[k], v, path .. "." .. tostring(k)) end
    for k in pairs(got) do assert(want[k] ~= nil, path .. "." .. tostring(k) .. ": not wanted") end
end

local json = require("json")

local function encodes(v, text)
    local got, err = json.encode(v)
    assert(got == text, "encode: wanted " .. text .. ", got " .. tostring(got) .. " " .. tostring(err))
end

local function decodes(text, v)
    local got, err = json.decode(text)
    assert(err == nil, "decode of " .. text .. ": wanted no error, got " .. tostring(err))
    same(got, v, "decode of " .. text)
end

local function main()
    -- scalars
    encodes(true, "true") encodes(false, "false")
    encodes(0, "0") encodes(-7, "-7") encodes(math.maxinteger, "9223372036854775807")
    encodes(math.mininteger, "-9223372036854775808")
    encodes(0.5, "0.5") encodes(-1.25, "-1.25")
    encodes("", '""') encodes("text", '"text"') encodes('say "hi"', [["say \"hi\""]])
    encodes("back\\slash", [["back\\slash"]]) encodes("line\nfeed", [["line\nfeed"]]) encodes("tab\t", [["tab\t"]])
    encodes("grün €", '"grün €"')

    -- arrays and objects
    encodes({1, 2, 3}, "[1,2,3]") encodes({{1}, {2}}, "[[1],[2]]") encodes({a = 1}, '{"a":1}')
    encodes({list = {true, "x"}}, '{"list":[true,"x"]}')
    local empty = json.encode({})
    assert(empty == "{}" or empty == "[]", "encode of an empty table, got " .. tostring(empty))

    -- decoding
    decodes("true", true) decodes("false", false) decodes("0", 0) decodes("-12", -12)
    decodes("1.5", 1.5) decodes("1e3", 1000.0) decodes("-2.5E-1", -0.25) decodes("1.0", 1.0)
    decodes("9223372036854775807", math.maxinteger)
    eq(math.type(json.decode("5")), "integer", "type of a number without a fraction")
    eq(math.type(json.decode("5.0")), "float", "type of a number with one")
    decodes('""', "") decodes('"a b"', "a b") decodes([["\"\\\/\b\f\n\r\t"]], "\"\\/\b\f\n\r\t")
    decodes([["\u0041\u00e4\u20ac"]], "Aä€") decodes([["\ud83d\ude00"]], "😀") decodes([["\u0000x"]], "\0x")
    decodes("[]", {}) decodes("{}", {}) decodes("[1,[2,[3]]]", {1, {2, {3}}})
    decodes(' { "a" : [ 1 , 2 ] ,\n"b":{"c":true} } ', {a = {1, 2}, b = {c = true}})
    decodes('{"a":1,"a":2}', {a = 2})
    eq(json.decode("null"), nil, "null alone")
    eq(select("#", json.decode("null")) >= 1, true, "null alone is a value; results")
    local object = json.decode('{"a":null,"b":1}')
    eq(object.b, 1, "a field beside a null")
    local array = json.decode("[1,null,3]")
    eq(array[1], 1, "first of an array with a null") eq(array[3], 3, "third of an array with a null")

    -- round trips
    for _, v in ipairs{1, -1, 0.1, 1e100, 5e-324, 123456789012345678, "a\0b", "\u{10FFFF}", "\127", {1, 2, {3}},
        {a = {b = {c = {1, 2, 3}}}}, {{}, "x"}, {["key with space"] = 1, [""] = 2, ["ä"] = 3}, {true, false}} do
        same(json.decode(assert(json.encode(v))), v, "round trip")
    end
    for code = 0, 127 do
        local s = string.char(code)
        eq(json.decode(assert(json.encode(s))), s, "round trip of byte " .. code)
    end
    local deep = {}
    for _ = 1, 50 do deep = {deep, n = nil} end
    local depth, text = 0, assert(json.encode(deep))
    deep = json.decode(text)
    while deep[1] do deep, depth = deep[1], depth + 1 end
    eq(depth, 50, "depth after a round trip")
    local big = {}
    for i = 1, 2000 do big[i] = {id = i, name = "item " .. i, tags = {"a", "b"}} end
    same(json.decode(assert(json.encode(big))), big, "big")
    -- deterministic: the same value, the same text
    eq(json.encode(big), json.encode(big), "encode twice")

    -- what cannot be encoded
    fails(errors.INVALID, "encode of a function", json.encode(print))
    fails(errors.INVALID, "encode of a function inside", json.encode({a = {print}}))
    fails(errors.INVALID, "encode of a coroutine", json.encode(coroutine.create(print)))
    fails(errors.INVALID, "encode of infinity", json.encode(math.huge))
    fails(errors.INVALID, "encode of NaN", json.encode(0/0))
    fails(errors.INVALID, "encode of a table as key", json.encode({[{}] = 1}))
    local cycle = {}
    cycle.self = cycle
    fails(errors.INVALID, "encode of a cycle", json.encode(cycle))

    -- what cannot be decoded
    for _, bad in ipairs{"", " ", "{", "[", "]", "[1,]", "[1 2]", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "{'a':1}",
        '"open', [["\x"]], [["\u12"]], "tru", "nul", "True", "01", "1.", ".5", "+1", "- 1", "1e", "NaN", "Infinity", "1 2",
        "[] []", '"line\nfeed"', "// comment\n1"} do
        local value, err = json.decode(bad)
        eq(value, nil, "decode of <" .. bad .. ">")
        assert(err ~= nil, "decode of <" .. bad .. ">: wanted an error, got none")
        eq(err:kind(), errors.INVALID, "decode of <" .. bad .. ">: kind")
    end
    fails(errors.INVALID, "decode of deep nesting is an error, not a crash", json.decode(("["):rep(100000)))
    raises("decode of a table", "bad argument", json.decode, {})
    fails(errors.INVALID, "decode of nothing", json.decode())
end

return {main = main}
