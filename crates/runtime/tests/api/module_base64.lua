--- program app.test:main
local base64 = require("base64")
local check = require("check")
local eq, fails, raises = check.eq, check.fails, check.raises

local function main()
    for plain, coded in pairs{
        [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
        foobar = "Zm9vYmFy", ["\0\xff\xfe"] = "AP/+", ["\xfb\xef\xbe"] = "++++",
    } do
        eq(base64.encode(plain), coded, "encode")
        eq(base64.decode(coded), plain, "decode")
        local url = coded:gsub("=", ""):gsub("+", "-"):gsub("/", "_")
        eq(base64.encode_url(plain), url, "encode_url")
        eq(base64.decode_url(url), plain, "decode_url")
        eq(base64.decode_url((coded:gsub("+", "-"):gsub("/", "_"))), plain, "decode_url with padding")
    end

    -- any bytes, any length, also over collections
    for i = 1, 40 do
        local data = ("\1\0\xff" .. string.char(i)):rep(i * 1000 + i % 3)
        eq(base64.decode(base64.encode(data)), data, "there and back")
        eq(base64.decode_url(base64.encode_url(data)), data, "there and back, url")
    end
    eq(#base64.encode(("x"):rep(9 << 20)), 12 << 20, "nine megabytes")

    -- mistakes
    for _, text in ipairs{"Zg", "Zg=", "Zg===", "Z", "Zm9v!", "Zm9v\n", " Zm9v", "Zh==", "AP_-", "=", "Zg==Zg=="} do
        fails(errors.INVALID, "decode of '" .. text .. "'", base64.decode(text))
    end
    for _, text in ipairs{"Z", "AP/+", "Zm9v!", "Zh"} do
        fails(errors.INVALID, "decode_url of '" .. text .. "'", base64.decode_url(text))
    end
    local err = fails(errors.INVALID, "decode", base64.decode("Zm9v*a=="))
    assert(err:message():find("'*' at 5", 1, true), "it must name character and place: " .. err:message())
    for text, want in pairs{
        Z = "the text has 1 digit: a group of four is cut after the first",
        Zm9vY = "the text has 5 digits: a group of four is cut after the first",
    } do
        err = fails(errors.INVALID, "decode_url of " .. text, base64.decode_url(text))
        assert(err:message():find(want, 1, true), "it must say what is wrong: " .. err:message())
    end
    for name, f in pairs(base64) do
        fails(errors.INVALID, name .. " of nothing", f())
        raises(name .. " of a table", "string expected, got table", f, {})
        fails(errors.INVALID, name .. " of too much", f(("A"):rep((16 << 20) + 4)))
    end
end

return {main = main}
