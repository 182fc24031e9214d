--- program app.test:main
local uuid = require("uuid")
local time = require("time")
local check = require("check")
local eq, fails, raises = check.eq, check.fails, check.raises

local FORM = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-(%x)%x%x%x%-([89ab])%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function main()
    -- the form, and no two alike
    local seen = {}
    for i = 1, 1000 do
        for version, id in pairs{["4"] = uuid.v4(), ["7"] = uuid.v7()} do
            local found = id:match(FORM)
            eq(found, version, "version of " .. id)
            assert(not seen[id], "twice: " .. id)
            seen[id] = true
            eq(uuid.is_valid(id), true, "is_valid of " .. id)
        end
    end

    -- version 7 is in order, and tells the time
    local last = ""
    for i = 1, 2000 do
        local id = uuid.v7()
        assert(last < id, "version 7 must grow: " .. last .. " then " .. id)
        last = id
    end
    local parsed = uuid.parse(uuid.v7())
    eq(parsed.version, 7, "version of version 7")
    eq(math.type(parsed.time), "integer", "type of its time")
    assert(math.abs(parsed.time - time.now()) < 60 * 1000000000, "its time must be about now: " .. parsed.time)
    parsed = uuid.parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    eq(parsed.time, 1645557742000 * 1000000, "the time of RFC 9562's example")
    eq(parsed.text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "text in lower case")

    -- version 5 is a function of namespace and name
    local dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    eq(uuid.v5(dns, "example.org"), "aad03681-8b63-5304-89e0-8ca8f49461b5", "v5")
    eq(uuid.v5(dns:upper(), "example.org"), uuid.v5(dns, "example.org"), "v5 with a namespace in capitals")
    assert(uuid.v5(dns, "a") ~= uuid.v5(dns, "b"), "other names must have other ids")
    eq(uuid.parse(uuid.v5(dns, "")).version, 5, "version of version 5")
    eq(uuid.parse(uuid.v4()).time, nil, "version 4 has no time")

    -- mistakes
    for _, text in ipairs{"", "x", ("f"):rep(32), ("f"):rep(36), dns .. " ", "{" .. dns .. "}", (dns:gsub("-", "+")), (dns:gsub("6", "g"))} do
        eq(uuid.is_valid(text), false, "is_valid of '" .. text .. "'")
        fails(errors.INVALID, "parse of '" .. text .. "'", uuid.parse(text))
        fails(errors.INVALID, "v5 in '" .. text .. "'", uuid.v5(text, "name"))
    end
    eq(uuid.is_valid(nil), false, "is_valid of nil")
    eq(uuid.is_valid({}), false, "is_valid of a table")
    fails(errors.INVALID, "parse of nothing", uuid.parse())
    fails(errors.INVALID, "v5 of nothing", uuid.v5())
    fails(errors.INVALID, "v5 without a name", uuid.v5(dns))
    raises("parse of a table", "string expected, got table", uuid.parse, {})
    raises("v5 of a table", "string expected, got table", uuid.v5, dns, {})
end

return {main = main}
