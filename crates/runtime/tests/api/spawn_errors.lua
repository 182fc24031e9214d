--- program app.test:main
local check = require("check")
local eq, fails, raises, has, recv = check.eq, check.fails, check.raises, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

local function main()
    for _, name in ipairs{"spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored"} do
        local spawn = process[name]
        fails(errors.INVALID, name .. " without arguments", spawn())
        fails(errors.INVALID, name .. " without a host", spawn("app.test:nothing"))
        fails(errors.INVALID, name .. " with nil as id", spawn(nil, HOST))
        fails(errors.INVALID, name .. " of an id without namespace", spawn("nothing", HOST))
        fails(errors.INVALID, name .. " of an empty id", spawn("", HOST))
        fails(errors.INVALID, name .. " on a host without namespace", spawn("app.test:nothing", "processes"))
        local err = fails(errors.NOT_FOUND, name .. " of an unknown program", spawn("app.test:absent", HOST))
        has(err, "app.test:absent", "the message names the program")
        err = fails(errors.NOT_FOUND, name .. " on an unknown host", spawn("app.test:nothing", "app:absent"))
        has(err, "app:absent", "the message names the host")
        raises(name .. " with a table as id", "bad argument", spawn, {}, HOST)
        raises(name .. " with a table as host", "bad argument", spawn, "app.test:nothing", {})
        raises(name .. " with a boolean as host", "bad argument", spawn, "app.test:nothing", true)
    end
    fails(errors.INVALID, "call without arguments", process.call())
    fails(errors.INVALID, "call without a host", process.call("app.test:nothing"))
    fails(errors.INVALID, "call of an id without namespace", process.call("nothing", HOST))
    fails(errors.NOT_FOUND, "call of an unknown program", process.call("app.test:absent", HOST))
    fails(errors.NOT_FOUND, "call on an unknown host", process.call("app.test:nothing", "app:absent"))
    raises("call with a table as id", "bad argument", process.call, {}, HOST)

    -- a failed spawn leaves no news and no link behind: the next event is of the next process
    local pid = assert(process.spawn_monitored("app.test:nothing", HOST))
    local event = recv(events, "EXIT of the good one")
    eq(event.kind, process.event.EXIT, "kind of the first event")
    eq(event.from, pid, "sender of the first event")
end

return {main = main}

--- program app.test:nothing
return {main = function() end}
