--- program app.test:main
local metrics = require("metrics")
local check = require("check")
local eq, fails, raises, good = check.eq, check.fails, check.raises, check.good

local function main()
    -- counters
    local requests = assert(metrics.counter("requests_total", {help = "Requests\nso far"}))
    eq(requests:value(), 0.0, "a new counter")
    eq(requests:add(), true, "add")
    requests:add(2)
    requests:add(0.5)
    eq(requests:value(), 3.5, "a counter")
    requests:add({code = 200})
    requests:add(3, {code = "200"})
    requests:add(1, {code = "500", method = "a\"b\\c\nd"})
    eq(requests:value({code = 200}), 4.0, "a counter with a label")
    eq(requests:value({code = "404"}), 0.0, "a series that is not there")
    eq(metrics.counter("requests_total"):value(), 3.5, "the same counter again")
    fails(errors.INVALID, "a counter that shrinks", requests:add(-1))
    fails(errors.INVALID, "a counter that grows by what is no number", requests:add(0/0))
    fails(errors.INVALID, "set of a counter", requests:set(1))
    fails(errors.INVALID, "observe of a counter", requests:observe(1))

    -- gauges
    local depth = assert(metrics.gauge("queue:depth"))
    depth:set(7)
    depth:add(-2)
    eq(depth:value(), 5.0, "a gauge")
    depth:set(-1.5)
    eq(depth:value(), -1.5, "a gauge below zero")

    -- histograms
    local took = assert(metrics.histogram("took_seconds", {buckets = {0.1, 1, 10}}))
    for _, seconds in ipairs{0.05, 0.1, 0.5, 100} do took:observe(seconds) end
    local seen = took:value()
    eq(seen.count, 4, "count of a histogram")
    assert(math.abs(seen.sum - 100.65) < 1e-9, "sum of a histogram: " .. seen.sum)
    eq(metrics.histogram("empty_seconds"):value().count, 0, "an empty histogram")
    fails(errors.INVALID, "add to a histogram", took:add(1))
    fails(errors.INVALID, "observe what is no number", took:observe(0/0))

    -- every process sees the same
    eq(good("app.test:counter"), 4.5, "what a child counts to")
    eq(requests:value(), 4.5, "what a child counted")

    -- the text
    local text = metrics.text()
    for _, line in ipairs{
        "# HELP requests_total Requests\\nso far\n# TYPE requests_total counter\nrequests_total 4.5\n",
        'requests_total{code="200"} 4\n',
        'requests_total{code="500",method="a\\"b\\\\c\\nd"} 1\n',
        "# TYPE queue:depth gauge\nqueue:depth -1.5\n",
        'took_seconds_bucket{le="0.1"} 2\ntook_seconds_bucket{le="1"} 3\ntook_seconds_bucket{le="10"} 3\n'
            .. 'took_seconds_bucket{le="+Inf"} 4\ntook_seconds_sum 100.65\ntook_seconds_count 4\n',
    } do
        assert(text:find(line, 1, true), "the text must have " .. line .. "it is\n" .. text)
    end

    -- conflicts and mistakes
    local err
    fails(errors.CONFLICT, "a gauge of a counter's name", metrics.gauge("requests_total"))
    fails(errors.CONFLICT, "other buckets", metrics.histogram("took_seconds", {buckets = {1, 2}}))
    for _, name in ipairs{"", "1st", "a-b", "ä", "procession_mine", ("x"):rep(129)} do
        fails(errors.INVALID, "a counter called " .. name, metrics.counter(name))
    end
    fails(errors.INVALID, "no name", metrics.counter())
    raises("a table as name", "string expected", metrics.counter, {})
    fails(errors.INVALID, "an unknown option", metrics.counter("x", {buckets = {1}}))
    fails(errors.INVALID, "buckets that do not ascend", metrics.histogram("x", {buckets = {2, 1}}))
    fails(errors.INVALID, "buckets that are texts", metrics.histogram("x", {buckets = {{}}}))
    for what, list in pairs{["a name"] = {a = 1}, ["a gap"] = {[1] = 1, [3] = 2}, ["a zero"] = {[0] = 1}, ["a part"] = {[1.5] = 1}} do
        fails(errors.INVALID, "buckets with " .. what, metrics.histogram("x", {buckets = list}))
    end
    local backwards = {}
    for i = 5, 1, -1 do backwards[i] = i end
    assert(metrics.histogram("backwards", {buckets = backwards}), "a list that was filled from its end")
    assert(metrics.histogram("backwards", {buckets = {1, 2, 3, 4, 5}}), "the same list")
    fails(errors.INVALID, "too many buckets", metrics.histogram("x", {buckets = table.move(
        (function() local t = {} for i = 1, 65 do t[i] = i end return t end)(), 1, 65, 1)}))
    for label, value in pairs{le = "1", ["a-b"] = "1", __a = "1", long = ("x"):rep(257)} do
        fails(errors.INVALID, "label " .. label, requests:add(1, {[label] = value}))
    end
    for label, value in pairs{t = {}, f = print, c = coroutine.create(print), p = metrics, b = "\xfd", o = errors.new{kind = errors.INVALID, message = "x"}} do
        err = fails(errors.INVALID, "a label value of type " .. type(value), requests:add(1, {[label] = value}))
        assert(err:message():find("label \"" .. label .. "\"", 1, true), "it must name the label: " .. err:message())
        fails(errors.INVALID, "the value of such a series", requests:value({[label] = value}))
    end
    fails(errors.INVALID, "a label name that is no UTF-8", requests:value({["\xfd"] = 1}))
    depth:set(1, {s = "\u{fffd}", n = 1.5, b = true})
    eq(depth:value({s = "\u{fffd}", n = "1.5", b = "true"}), 1.0, "texts, numbers and booleans")
    raises("labels that are no table", "table expected", requests.add, requests, 1, "a")
    raises("labels with numbers", "names must be strings", requests.add, requests, 1, {"a"})
    raises("a text as value", "number expected", depth.set, depth, "7")

    -- a histogram's own series are nobody else's
    assert(metrics.histogram("h"))
    for _, part in ipairs{"_count", "_sum", "_bucket"} do
        err = fails(errors.CONFLICT, "a counter h" .. part, metrics.counter("h" .. part))
        assert(err:message():find("histogram h has the series h" .. part, 1, true), err:message())
        assert(metrics.gauge("g" .. part))
        err = fails(errors.CONFLICT, "a histogram over g" .. part, metrics.histogram("g"))
        assert(err:message():find("metric g" .. part .. " is there already", 1, true), err:message())
        assert(metrics.counter("requests_total" .. part), "a counter has no such series")
        metrics.gauge("g" .. part):set(1)
        eq(select(2, metrics.text():gsub("\ng" .. part .. " ", "")), 1, "samples of g" .. part)
        assert(metrics.counter("i" .. part))
        fails(errors.CONFLICT, "a histogram i", metrics.histogram("i"))
    end
    assert(metrics.histogram("h"), "the same histogram again")
    assert(metrics.gauge("h_counts"), "another name")

    -- limits
    for i = 1, 1000 do assert(requests:add(1, {id = i}) or i > 990) end
    err = fails(errors.UNAVAILABLE, "a series too many", requests:add(1, {id = "last"}))
    eq(err:details().limit, "metrics", "the limit of series")
    eq(requests:add(1, {id = 5}), true, "a series that is there goes on")
    for i = 1, 1000 do
        local made
        made, err = metrics.counter("many_" .. i)
        if not made then break end
    end
    eq(err and err:kind(), errors.UNAVAILABLE, "a metric too many")
    eq(err:details().limit, "metrics", "the limit of metrics")
end

return {main = main}

--- program app.test:counter
local metrics = require("metrics")
return {main = function()
    local requests = metrics.counter("requests_total")
    requests:add(1)
    return requests:value()
end}
