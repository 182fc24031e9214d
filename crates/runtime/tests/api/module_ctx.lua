--- program app.test:main
local check = require("check")
local eq, fails, raises, exit_of = check.eq, check.fails, check.raises, check.exit_of

local HOST = "app:processes"

local ctx = require("ctx")

local function ask(builder, ...)
    local result = exit_of(assert(builder:spawn_monitored("app.test:teller", HOST, ...)))
    assert(result.error == nil, "the teller failed: " .. tostring(result.error))
    return result.value
end

local function main()
    -- nothing at first
    fails(errors.NOT_FOUND, "get of a value that is not there", ctx.get("request_id"))
    local all = ctx.all()
    eq(type(all), "table", "type of all()")
    eq(next(all), nil, "contents of all() without a context")
    fails(errors.INVALID, "get of nothing", ctx.get())
    raises("get of a table", "bad argument", ctx.get, {})

    -- all kinds of values
    local builder = process.with_context{request_id = "123", n = 5, f = 2.0, yes = true, no = false,
        list = {1, {2}}, map = {a = {b = "c"}}}
    local got = ask(builder, 0)
    eq(got.request_id, "123", "a text") eq(got.n, 5, "an integer") eq(got.f, 2.0, "a float")
    eq(got.yes, true, "true") eq(got.no, false, "false") eq(got.list[2][1], 2, "a list") eq(got.map.a.b, "c", "a map")
    local count = 0
    for _ in pairs(got) do count = count + 1 end
    eq(count, 7, "number of values")

    -- our own context is not changed by what our children get
    fails(errors.NOT_FOUND, "our own context", ctx.get("request_id"))
    eq(next(ctx.all()), nil, "our own all()")

    -- inherited, however the child is started, and as deep as you like
    for _, how in ipairs{"spawn", "call", "builder"} do
        for depth = 1, 3 do
            eq(ask(builder, depth, how).request_id, "123", how .. ", depth " .. depth)
        end
    end

    -- added to and replaced on the way down; not back up
    got = ask(builder, 1, "override")
    eq(got.request_id, "456", "a value that was replaced on the way")
    eq(got.added, "on the way", "a value that was added on the way")
    eq(got.n, 5, "a value that was left alone")
    eq(got.before, "123", "what the one in the middle sees, still")

    -- chained builders
    got = ask(builder:with_context{n = 6}:with_context{more = 1}, 0)
    eq(got.n, 6, "replaced by a later with_context") eq(got.more, 1, "added") eq(got.request_id, "123", "kept")

    -- each gets its own copy
    ask(builder, 0, "change")
    eq(ask(builder, 0).list[1], 1, "after one changed its copy")
end

return {main = main}

--- program app.test:teller
local ctx = require("ctx")
return {main = function(depth, how)
    if depth == 0 then
        local all = ctx.all()
        for name, value in pairs(all) do
            local one = ctx.get(name)
            assert(type(one) == type(value), "get(" .. name .. ") must give what all() shows")
        end
        local value, err = ctx.get("not there")
        assert(value == nil and err:kind() == errors.NOT_FOUND, "get of what is not there must be NotFound")
        if how == "change" then
            ctx.get("list")[1] = "changed"
            ctx.all().list[1] = "changed"
        end
        return all
    end
    if how == "call" then return process.call("app.test:teller", "app:processes", depth - 1, how) end
    local pid
    if how == "spawn" then
        pid = process.spawn_monitored("app.test:teller", "app:processes", depth - 1, how)
    elseif how == "builder" then
        pid = process.with_context{}:spawn_monitored("app.test:teller", "app:processes", depth - 1, how)
    else
        pid = process.with_context{request_id = "456", added = "on the way"}
            :spawn_monitored("app.test:teller", "app:processes", depth - 1)
    end
    local event = process.events():receive()
    assert(event.from == pid, "EXIT of the wrong process")
    assert(event.result.error == nil, tostring(event.result.error))
    if how == "override" then event.result.value.before = ctx.get("request_id") end
    return event.result.value
end}
