--- program app.test:main
local logger = require("logger")
local check = require("check")
local eq, good = check.eq, check.good

local function main()
    -- every level, with and without fields; a log record never ends or delays its writer
    for _, level in ipairs{"debug", "info", "warn", "error"} do
        eq(type(logger[level]), "function", "type of logger." .. level)
        local ok, err = pcall(logger[level], "a message at level " .. level)
        assert(ok, "logger." .. level .. "(text) must not raise, got " .. tostring(err))
        ok, err = pcall(logger[level], "with fields", {
            text = "x", integer = 1, float = 1.5, yes = true, nested = {a = {1, 2}}, pid = process.pid(),
            failure = errors.new{message = "m", kind = errors.TIMEOUT}, bytes = "\0\xff",
        })
        assert(ok, "logger." .. level .. "(text, fields) must not raise, got " .. tostring(err))
        ok, err = pcall(logger[level], "with empty fields", {})
        assert(ok, "logger." .. level .. "(text, {}) must not raise, got " .. tostring(err))
        ok, err = pcall(logger[level], "with nil as fields", nil)
        assert(ok, "logger." .. level .. "(text, nil) must not raise, got " .. tostring(err))
        ok = pcall(logger[level], {})
        eq(ok, false, "logger." .. level .. " of a table instead of a text raises; ok")
    end

    -- odd texts, big ones, many of them; a cycle among the fields
    logger.info("")
    logger.info("two\nlines")
    logger.info(("x"):rep(100000))
    local cycle = {}
    cycle.self = cycle
    pcall(logger.info, "a cycle", cycle)
    pcall(logger.info, "a function", {f = print})
    for i = 1, 200 do logger.debug("many", {i = i}) end

    -- it is no message and no event
    local got = channel.select{process.inbox():case_receive(), process.events():case_receive(), default = true}
    eq(got.default, true, "nothing arrives from logging; default")
    eq(good("app.test:child"), "logged", "a child that logs")
end

return {main = main}

--- program app.test:child
local logger = require("logger")
return {main = function()
    logger.warn("from a child", {pid = process.pid()})
    return "logged"
end}
