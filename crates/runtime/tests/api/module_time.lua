--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, recv = check.eq, check.fails, check.raises, check.recv

local SECOND = 1000000000

local function main()
    -- now
    local started = time.now()
    eq(math.type(started), "integer", "type of now()")
    assert(started > 1700000000 * SECOND, "now() must be nanoseconds since 1970, got " .. started)
    assert(time.now() >= started, "now() must not go back")

    -- sleep: strings or integer nanoseconds; not shorter than asked
    for _, case in ipairs{{"20ms", 20000000}, {5000000, 5000000}, {"0.01s", 10000000}} do
        local before = time.now()
        time.sleep(case[1])
        local took = time.now() - before
        assert(took >= case[2], "sleep(" .. tostring(case[1]) .. ") must take at least " .. case[2] .. " ns, took " .. took)
    end
    time.sleep(0)
    time.sleep("0s")
    local ok, err = pcall(function() return assert(time.sleep("soon")) end)
    eq(ok, false, "sleep of a text that is no duration: raised or nil, err; ok")
    assert(err ~= nil, "and it must say why")

    -- after: once
    local soon = time.after("5ms")
    recv(soon, "after")
    local got = channel.select{soon:case_receive(), time.after("30ms"):case_receive()}
    assert(got.channel ~= soon or got.ok == false, "after must yield once")
    local later = time.after("1h")
    got = channel.select{later:case_receive(), default = true}
    eq(got.default, true, "after of an hour is not ready; default")
    local short, long = time.after("5ms"), time.after("10s")
    got = channel.select{long:case_receive(), short:case_receive()}
    eq(got.channel, short, "the shorter one comes first")
    got = channel.select{time.after(1000000):case_receive(), long:case_receive()}
    assert(got.channel ~= long, "after of integer nanoseconds comes before ten seconds")

    -- timer: channel, stop, reset
    local t = time.timer("5ms")
    recv(t:channel(), "a timer")
    t = time.timer("1h")
    assert(t:channel() == t:channel(), "a timer's channel is one channel")
    t:stop()
    got = channel.select{t:channel():case_receive(), time.after("20ms"):case_receive()}
    assert(got.channel ~= t:channel() or got.ok == false, "a stopped timer must not fire")
    t = time.timer("20ms")
    t:stop()
    got = channel.select{t:channel():case_receive(), time.after("60ms"):case_receive()}
    assert(got.channel ~= t:channel() or got.ok == false, "a timer stopped in time must not fire")
    t = time.timer("1h")
    t:reset("5ms")
    recv(t:channel(), "a timer reset to earlier")
    t:reset("5ms")
    recv(t:channel(), "a timer reset after it fired")
    t = time.timer("5ms")
    t:reset("1h")
    got = channel.select{t:channel():case_receive(), time.after("40ms"):case_receive()}
    assert(got.channel ~= t:channel(), "a timer reset to later must not fire at the old time")
    t:stop()

    -- ticker: again and again until stopped
    local ticker = time.ticker("3ms")
    local before = time.now()
    for i = 1, 5 do recv(ticker:channel(), "tick " .. i) end
    assert(time.now() - before >= 10000000, "five ticks of 3 ms take over 10 ms, took " .. time.now() - before)
    ticker:stop()
    channel.select{ticker:channel():case_receive(), default = true}     -- one may be on its way
    got = channel.select{ticker:channel():case_receive(), time.after("30ms"):case_receive()}
    assert(got.channel ~= ticker:channel() or got.ok == false, "a stopped ticker must not tick")

    -- parse_duration
    for text, ns in pairs{["1s"] = SECOND, ["1m30s"] = 90 * SECOND, ["250ms"] = 250000000, ["1h"] = 3600 * SECOND,
        ["1.5s"] = 1500000000, ["2us"] = 2000, ["7ns"] = 7, ["0s"] = 0, ["1h1m1s"] = 3661 * SECOND,
        ["90m"] = 5400 * SECOND} do
        eq(time.parse_duration(text), ns, "parse_duration('" .. text .. "')")
    end
    for _, text in ipairs{"", "s", "1", "1x", "one second", "1s2", "--1s", "1s ", "ms5"} do
        fails(errors.INVALID, "parse_duration('" .. text .. "')", time.parse_duration(text))
    end
    raises("parse_duration of a table", "bad argument", time.parse_duration, {})
    fails(errors.INVALID, "parse_duration of nothing", time.parse_duration())

    -- RFC 3339
    eq(time.format(0), "1970-01-01T00:00:00Z", "format(0)")
    eq(time.format(951782399 * SECOND), "2000-02-28T23:59:59Z", "format, the second before a leap day")
    eq(time.format(951782400 * SECOND), "2000-02-29T00:00:00Z", "format, a leap day")
    eq(time.format(4102444800 * SECOND), "2100-01-01T00:00:00Z", "format, 2100")
    eq(time.parse("1970-01-01T00:00:00Z"), 0, "parse of the epoch")
    eq(time.parse("2000-02-29T00:00:00Z"), 951782400 * SECOND, "parse of a leap day")
    eq(time.parse("2000-02-29T01:00:00+01:00"), 951782400 * SECOND, "parse with an offset")
    eq(time.parse("2000-02-28T19:00:00-05:00"), 951782400 * SECOND, "parse with a negative offset")
    eq(time.parse("1970-01-01T00:00:00.5Z"), SECOND // 2, "parse with a fraction")
    eq(time.parse("1970-01-01T00:00:00.000000001Z"), 1, "parse of a nanosecond")
    for _, ns in ipairs{0, 1, 123456789, started, 1700000000 * SECOND + 120} do
        eq(time.parse(time.format(ns)), ns, "parse(format(" .. ns .. "))")
    end
    for _, text in ipairs{"", "yesterday", "2000-13-01T00:00:00Z", "2001-02-29T00:00:00Z", "2000-01-01",
        "2000-01-01T25:00:00Z", "2000-01-01T00:00:00", "2000-01-01T00:00:00Zx"} do
        fails(errors.INVALID, "parse('" .. text .. "')", time.parse(text))
    end
end

return {main = main}
