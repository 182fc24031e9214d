--- program app.test:main
-- Errors name the argument that is wrong, as the program counts them; options are named.
local store, funcs, queue, metrics = require("store"), require("funcs"), require("queue"), require("metrics")
local hash, time = require("hash"), require("time")
local check = require("check")
local fails, raises, has = check.fails, check.raises, check.has

local function main()
    local s, e = assert(store.open("arguments")), funcs.new()
    local counter, gauge = metrics.counter("arguments_c"), metrics.gauge("arguments_g")
    local histogram, timer = metrics.histogram("arguments_h"), time.timer("1h")
    for what, case in pairs{
        ["#1 to 'set' (string"] = function() s:set(5, 1) end,
        ["#1 to 'get' (string"] = function() s:get({}) end,
        ["#3 to 'set' (duration"] = function() s:set("t", 1, {}) end,
        ["#2 to 'compare_and_set' (number"] = function() s:compare_and_set("k", "x", 1) end,
        ["#4 to 'compare_and_set' (duration"] = function() s:compare_and_set("k", 0, 1, {}) end,
        ["#2 to 'increment' (number"] = function() s:increment("i", 1.5) end,
        ["#2 to 'keys' (number"] = function() s:keys("k", {}) end,
        ["#1 to 'call' (string"] = function() funcs.call(5) end,
        ["#1 to 'async' (string"] = function() e:async({}) end,
        ["#1 to 'with_timeout' (duration"] = function() e:with_timeout({}) end,
        ["#1 to 'with_actor' (actor"] = function() e:with_actor("x") end,
        ["#1 to 'with_scope' (scope"] = function() e:with_scope("x") end,
        ["#1 to 'add' (number"] = function() counter:add("x") end,
        ["#2 to 'add' (table"] = function() counter:add(1, "x") end,
        ["#1 to 'observe' (number"] = function() histogram:observe("x") end,
        ["#1 to 'value' (table"] = function() gauge:value("x") end,
        ["#1 to 'reset' (duration"] = function() timer:reset({}) end,
        ["#1 to 'sleep' (duration"] = function() time.sleep({}) end,
        ["#1 to 'equal' (string"] = function() hash.equal(1, "1") end,
    } do
        raises(what, "bad argument " .. what:gsub("[(']", "%%%0"), case)
    end

    for option, call in pairs{
        delay = function(value) return queue.publish("q", 1, {delay = value}) end,
        ack_timeout = function(value) return queue.declare("q", {ack_timeout = value}) end,
        timeout = function(value) return queue.consume("q", {timeout = value}) end,
    } do
        local value, err = call({})
        fails("Invalid", option, value, err)
        has(tostring(err), "option " .. option .. " must be a duration, got table", option)
    end

    fails("Invalid", "version", s:compare_and_set("k", nil, 1))
    fails("Invalid", "value of a gauge", gauge:set())
    fails("Invalid", "value of a histogram", histogram:observe())
    fails("Invalid", "program", funcs.call())
    fails("Invalid", "time", time.sleep())
    fails("Invalid", "no timeout", e:with_timeout())
    fails("Invalid", "no duration", e:with_timeout("soon"))
    fails("Invalid", "negative", e:with_timeout(-1))
    fails("Invalid", "second text", hash.equal("a"))
    return "done"
end

return { main = main }
