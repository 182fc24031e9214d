--- program app.test:main
local check = require("check")
local eq, fails, raises, has, recv, run =
    check.eq, check.fails, check.raises, check.has, check.recv, check.run

local HOST = "app:processes"

local function main()
    -- process.exec is call
    eq(process.exec("app.test:worker", HOST, "value"), 42, "exec")
    local err = fails(errors.CONFLICT, "exec of one that fails", process.exec("app.test:worker", HOST, "error object"))
    eq(err:message(), "two at once", "its message")

    -- event.result is always a table; value and error are fields, one of them
    local result = run("app.test:worker", "value")
    eq(type(result), "table", "type of the result of a normal end")
    if result.error then error("a normal end must not look like a failure") end
    eq(result.value, 42, "result.value")
    result = run("app.test:worker", "nothing")
    eq(type(result), "table", "type of the result of an end without a value")

    -- result.error is an error object that also behaves as a string
    result = run("app.test:worker", "raise")
    eq(type(result.error), "userdata", "type of result.error")
    eq(result.error:kind(), errors.INTERNAL, "result.error:kind()")
    has("failed: " .. result.error, "worker raised", "string .. result.error")
    has(result.error .. "!", "worker raised", "result.error .. string")
    has(tostring(result.error), "worker raised", "tostring(result.error)")
    has(string.format("%s", result.error), "worker raised", "string.format")
    assert(string.find(result.error, "worker raised"), "string.find on result.error")
    eq(string.match(result.error, "worker (%a+)"), "raised", "string.match on result.error")
    eq(string.sub(result.error, -6), "raised", "string.sub on result.error")
    eq(string.upper(string.match(result.error, "raised")), "RAISED", "string.upper on a part of it")
    eq(string.len(result.error), #tostring(result.error), "string.len on result.error")
    assert(result.error:find("worker raised"), "result.error:find, as one writes it for a string")
    eq(result.error:match("raised$"), "raised", "result.error:match, as one writes it for a string")
    eq(table.concat({tostring(result.error)}), tostring(result.error), "table.concat of its text")
    print("printing an error", result.error)

    -- msg:payload() is the value itself
    assert(process.send(process.pid(), "t", {a = 1}))
    local message = recv(process.inbox())
    eq(message:payload().a, 1, "msg:payload() is the value itself")
    assert(process.send(process.pid(), "t", "text"))
    eq(recv(process.inbox()):payload(), "text", "msg:payload() of a text")

    -- payload.new gives a wrapper, everywhere
    local wrapper = payload.new({a = {1, 2}})
    eq(wrapper:data().a[2], 2, "payload.new(table):data()")
    eq(type(wrapper:get_format()), "string", "type of get_format()")
    assert(#wrapper:get_format() > 0, "get_format() must say something")
    for _, v in ipairs{1, 1.5, "text", true, false} do eq(payload.new(v):data(), v, "payload.new(v):data()") end
    eq(payload.new(nil):data(), nil, "payload.new(nil):data()")
    eq(payload.new("a"):get_format(), payload.new("b"):get_format(), "the format of two texts")

    -- table.create
    local t = table.create(100)
    eq(type(t), "table", "type of table.create(n)")
    eq(#t, 0, "length of table.create(n)")
    eq(next(t), nil, "contents of table.create(n)")
    t[1] = "x"
    eq(#t, 1, "length after the first element")
    eq(next(table.create(0)), nil, "contents of table.create(0)")
    raises("table.create of a text", "bad argument", table.create, "many")

    -- the module process is there with and without require of anything
    eq(type(process.event), "table", "type of process.event")
    eq(type(process.registry), "table", "type of process.registry")
end

return {main = main}

--- program app.test:worker
return {main = function(how)
    if how == "value" then return 42 end
    if how == "raise" then error("worker raised") end
    if how == "error object" then
        return nil, errors.new{message = "two at once", kind = errors.CONFLICT}
    end
end}
