--- program app.test:main
local check = require("check")
local eq, fails, recv, exit_of, run = check.eq, check.fails, check.recv, check.exit_of, check.run

local events = process.events()

local HOST = "app:processes"

-- Limits with their defaults, as the page names them: 10 000 messages, 64 MiB in a mailbox.
local function main()
    local usage = process.usage()
    eq(math.type(usage.instructions), "integer", "type of usage().instructions")
    eq(math.type(usage.memory_bytes), "integer", "type of usage().memory_bytes")
    for _ = 1, 1000 do end
    assert(process.usage().instructions > usage.instructions, "instructions must grow with work, got "
        .. process.usage().instructions .. " after " .. usage.instructions)
    local held = ("x"):rep(1 << 20)
    assert(process.usage().memory_bytes >= #held,
        "memory must count what is held, got " .. process.usage().memory_bytes .. " with " .. #held .. " held")

    -- messages of a mailbox
    local pid = assert(process.spawn_monitored("app.test:full", HOST, process.pid()))
    local sent, err = 0, nil
    while sent <= 10001 do
        local ok
        ok, err = process.send(pid, "flood", sent)
        if not ok then break end
        sent = sent + 1
    end
    assert(err ~= nil, "the mailbox must be full some time; sent " .. sent)
    eq(err:kind(), errors.RATE_LIMITED, "kind of a send to a full mailbox")
    assert(sent >= 9990 and sent <= 10001, "a mailbox holds 10 000 messages, got " .. sent)
    fails(errors.RATE_LIMITED, "another topic, the same mailbox", process.send(pid, "flood2", 1))
    assert(process.cancel(pid, "read on"), "a full mailbox must not keep events out")
    eq(recv(process.listen("count"), "the flooded one"), sent, "all that was accepted is there")
    assert(process.send(pid, "flood", "room again"))
    assert(process.terminate(pid))
    exit_of(pid)

    -- bytes of a mailbox
    pid = assert(process.spawn_monitored("app.test:full", HOST, process.pid()))
    local mebibytes = 0
    err = nil
    while mebibytes <= 80 do
        local ok
        ok, err = process.send(pid, "flood", ("x"):rep(4 << 20))
        if not ok then break end
        mebibytes = mebibytes + 4
    end
    assert(err ~= nil, "64 MiB must be too much; sent " .. mebibytes .. " MiB")
    eq(err:kind(), errors.RATE_LIMITED, "kind of a send that is too many bytes")
    assert(mebibytes >= 56 and mebibytes <= 64, "a mailbox holds 64 MiB, got " .. mebibytes)
    assert(process.terminate(pid))
    exit_of(pid)

    -- one message
    pid = assert(process.spawn_monitored("app.test:full", HOST, process.pid()))
    err = fails(errors.UNAVAILABLE, "a message of 40 MiB", process.send(pid, "big", ("x"):rep(40 << 20)))
    eq(err:details().limit, "message_size", "details().limit")
    assert(process.send(pid, "big", ("x"):rep(1 << 20)), "a message of 1 MiB is fine")
    assert(process.terminate(pid))
    exit_of(pid)

    -- names
    local names = 0
    err = nil
    while names <= 100000 do
        local ok
        ok, err = process.registry.register("name " .. names + 1)
        if not ok then break end
        names = names + 1
    end
    assert(err ~= nil, "names must have a limit; got " .. names)
    eq(err:kind(), errors.UNAVAILABLE, "kind of one name too many")
    eq(err:details().limit, "names", "details().limit")
    assert(names >= 10, "a process may hold several names, got " .. names)
    assert(process.registry.unregister("name 1"))
    assert(process.registry.register("another"), "a name fits again when one is released")

    -- a child is no worse off for any of that
    eq(run("app.test:fine").value, "fine", "a neighbour")
end

return {main = main}

--- program app.test:full
return {main = function(top)
    process.events():receive()
    local flood, count = process.listen("flood"), 0
    while not channel.select{flood:case_receive(), default = true}.default do count = count + 1 end
    process.send(top, "count", count)
    process.listen("never"):receive()
end}

--- program app.test:fine
return {main = function()
    assert(process.registry.register("of a child"))
    return "fine"
end}
