--- config strict=true

--- program app.test:main
local check = require("check")
local eq = check.eq

-- Strict, and the main process has neither actor nor scope: everything that is checked is denied.
local HOST = "app:processes"

local function denied(what, value, err)
    assert(not value, what .. ": wanted it denied, got " .. tostring(value))
    assert(err ~= nil, what .. ": wanted an error, got none")
    eq(err:kind(), errors.PERMISSION_DENIED, what .. ": kind of '" .. tostring(err) .. "'")
end

local function main()
    local me = process.pid()
    denied("spawn", process.spawn("app.test:quick", HOST))
    denied("spawn_monitored", process.spawn_monitored("app.test:quick", HOST))
    denied("spawn_linked", process.spawn_linked("app.test:quick", HOST))
    denied("spawn_linked_monitored", process.spawn_linked_monitored("app.test:quick", HOST))
    denied("call", process.call("app.test:quick", HOST))
    denied("exec", process.exec("app.test:quick", HOST))
    denied("send to oneself", process.send(me, "t", 1))
    denied("cancel", process.cancel(me, "1h"))
    denied("terminate", process.terminate(me))
    denied("monitor", process.monitor(me))
    denied("unmonitor", process.unmonitor(me))
    denied("link", process.link(me))
    denied("unlink", process.unlink(me))
    denied("register", process.registry.register("name"))
    local ok, err = pcall(process.with_context, {})
    eq(ok, false, "with_context raises when denied; pcall")
    eq(err:kind(), errors.PERMISSION_DENIED, "kind of what with_context raised")

    -- what needs no permission works
    eq(process.id(), "app.test:main", "id()")
    eq(type(process.inbox()), "userdata", "type of inbox()")
    eq(type(process.events()), "userdata", "type of events()")
    eq(type(process.listen("t")), "userdata", "type of listen()")
    eq(process.set_options{trap_links = true}, true, "set_options")
    local pid
    pid, err = process.registry.lookup("name")
    eq(pid, nil, "lookup of the name that could not be registered")
    eq(err:kind(), errors.NOT_FOUND, "its kind: looking up is no matter of permission")
    local security = require("security")
    eq(security.can("process.send", me), false, "security.can")
    eq(security.actor(), nil, "security.actor()")

    -- nothing of what was denied arrived
    local got = channel.select{process.inbox():case_receive(), process.events():case_receive(),
        process.listen("t"):case_receive(), default = true}
    eq(got.default, true, "nothing arrived; default")
end

return {main = main}

--- program app.test:quick
return {main = function() error("this must never run") end}
