--- program app.test:main
local hash = require("hash")
local check = require("check")
local eq, fails, raises = check.eq, check.fails, check.raises

local FOX = "The quick brown fox jumps over the lazy dog"

local function main()
    -- digests, known answers
    for _, case in ipairs{
        {"md5", "", "d41d8cd98f00b204e9800998ecf8427e"},
        {"md5", "abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"sha1", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha384", "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            .. "8086072ba1e7cc2358baeca134c825a7"},
        {"sha512", "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
        {"blake3", "", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
        {"blake3", "abc", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"},
        {"sha256", ("x"):rep(1000000), "1b977e9f84f1b26b6ed7f68b0498faee2385ea4125bd29adce4a7d9106ba3134"},
    } do
        local name, data, want = table.unpack(case)
        local what = name .. " of " .. #data .. " bytes"
        eq(hash[name](data), want, what)
        local raw = hash[name](data, true)
        eq(#raw * 2, #want, what .. ", length of the bytes")
        eq(raw:gsub(".", function(c) return ("%02x"):format(c:byte()) end), want, what .. ", bytes")
    end
    raises("md5 of a number", "string expected, got number", hash.md5, 12)
    assert(hash.sha256("a\0b") ~= hash.sha256("a\0c"), "zero bytes must not end the data")

    -- keyed digests
    for name, want in pairs{
        md5 = "80070713463e7749b90c2dc24911e275",
        sha1 = "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9",
        sha256 = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
        sha384 = "d7f4727e2c0b39ae0f1e40cc96f60242d5b7801841cea6fc592c5d3e1ae50700582a96cf35e1e554995fe4e03381c237",
        sha512 = "b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb"
            .. "82f948a549f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a",
    } do
        eq(hash.hmac(name, "key", FOX), want, "hmac with " .. name)
        eq(#hash.hmac(name, "key", FOX, true) * 2, #want, "hmac with " .. name .. ", length of the bytes")
    end
    eq(hash.hmac("sha256", ("k"):rep(200), ""):sub(1, 32), "d6b741e89f8f89acfa4cfc9ed966e077", "hmac with a long key")
    eq(hash.hmac("sha512", ("k"):rep(200), ""):sub(1, 32), "25817dd748c9446b2b0201af68cec787", "hmac with a long key")

    -- checksum, comparison
    eq(hash.crc32("123456789"), 0xCBF43926, "crc32")
    eq(hash.crc32(""), 0, "crc32 of nothing")
    eq(hash.equal("abc", "abc"), true, "equal")
    eq(hash.equal("abc", "abd"), false, "equal of other strings")
    eq(hash.equal("abc", "ab"), false, "equal of a shorter string")
    eq(hash.equal("", ""), true, "equal of nothing")

    -- mistakes
    for _, name in ipairs{"md5", "sha1", "sha256", "sha384", "sha512", "blake3", "crc32"} do
        fails(errors.INVALID, name .. " of nothing", hash[name]())
        raises(name .. " of a table", "string expected, got table", hash[name], {})
        fails(errors.INVALID, name .. " of too much", hash[name](("x"):rep((16 << 20) + 1)))
    end
    fails(errors.INVALID, "hmac of nothing", hash.hmac())
    fails(errors.INVALID, "hmac without a key", hash.hmac("sha256"))
    fails(errors.INVALID, "hmac without data", hash.hmac("sha256", "key"))
    local err = fails(errors.INVALID, "hmac with an unknown algorithm", hash.hmac("sha3", "key", "data"))
    assert(err:message():find("sha512", 1, true), "it must name what there is: " .. err:message())
    fails(errors.INVALID, "equal of nil", hash.equal("a"))

    -- work is charged
    local before = process.usage().instructions
    hash.sha256(("x"):rep(1 << 20))
    local used = process.usage().instructions - before
    assert(used > 1 << 19, "a digest of 1 MiB must count, it counted " .. used)
end

return {main = main}
