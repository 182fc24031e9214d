--- program app.test:main
local check = require("check")
local eq, fails, recv = check.eq, check.fails, check.recv

local events = process.events()

local HOST = "app:processes"

-- On exit, in this order: unreachable, names free, EXIT, LINK_DOWN. Repeated, so that several
-- shards take part.
local ROUNDS = 40

local function round(i, how)
    local what = how .. " " .. i
    local pid = assert(process.spawn_monitored("app.test:holder", HOST, how))
    eq(recv(process.listen("ready"), what .. " to be ready"), pid, what .. ": who is ready")
    eq(process.registry.lookup("first"), pid, what .. ": the first name while it lives")
    eq(process.registry.lookup("second"), pid, what .. ": the second name while it lives")
    if how == "terminated" then
        assert(process.terminate(pid))
    else
        assert(process.send(pid, "go"))
    end
    local event = recv(events, what .. " to exit")
    eq(event.kind, process.event.EXIT, what .. ": kind")
    eq(event.from, pid, what .. ": from")

    -- everything below holds at the moment of EXIT
    fails(errors.NOT_FOUND, what .. ": send after EXIT", process.send(pid, "late"))
    fails(errors.NOT_FOUND, what .. ": send to the name after EXIT", process.send("first", "late"))
    fails(errors.NOT_FOUND, what .. ": lookup of the first name after EXIT", process.registry.lookup("first"))
    fails(errors.NOT_FOUND, what .. ": lookup of the second name after EXIT", process.registry.lookup("second"))
    local ok, err = process.registry.register("first")
    assert(ok, what .. ": the name must be free after EXIT, got " .. tostring(err))
    assert(process.registry.unregister("first"), what .. ": our own name must be ours to release")
end

local function linked(i)
    local what = "linked " .. i
    local pid = assert(process.spawn_linked("app.test:holder", HOST, "fails"))
    eq(recv(process.listen("ready")), pid, what .. ": who is ready")
    assert(process.send(pid, "go"))
    local event = recv(events, what .. ": LINK_DOWN")
    eq(event.kind, process.event.LINK_DOWN, what .. ": kind")
    eq(event.from, pid, what .. ": from")
    fails(errors.NOT_FOUND, what .. ": send after LINK_DOWN", process.send(pid, "late"))
    fails(errors.NOT_FOUND, what .. ": lookup after LINK_DOWN", process.registry.lookup("first"))
end

local function main()
    assert(process.registry.register("top"))
    for i = 1, ROUNDS do
        round(i, "returns")
        round(i, "fails")
        round(i, "terminated")
    end
    assert(process.set_options{trap_links = true})
    for i = 1, ROUNDS do linked(i) end

    -- EXIT comes before LINK_DOWN, every time
    for i = 1, ROUNDS do
        local pid = assert(process.spawn_linked_monitored("app.test:holder", HOST, "fails"))
        eq(recv(process.listen("ready")), pid, "both " .. i .. ": who is ready")
        assert(process.send(pid, "go"))
        eq(recv(events).kind, process.event.EXIT, "both " .. i .. ": first event")
        eq(recv(events).kind, process.event.LINK_DOWN, "both " .. i .. ": second event")
    end

    -- messages that the process sent before its end come before its EXIT is of use: all are here
    local pid = assert(process.spawn_monitored("app.test:talker", HOST))
    eq(recv(events, "EXIT of the talker").from, pid, "EXIT of the talker; from")
    local said = process.listen("said")
    for n = 1, 100 do
        local got = channel.select{said:case_receive(), default = true}
        eq(got.value, n, "message " .. n .. " that was sent before the EXIT")
    end
end

return {main = main}

--- program app.test:holder
return {main = function(how)
    assert(process.registry.register("first"))
    assert(process.registry.register("second"))
    process.send("top", "ready", process.pid())
    process.inbox():receive()
    if how == "fails" then error("on purpose") end
    return "done"
end}

--- program app.test:talker
return {main = function()
    for n = 1, 100 do process.send("top", "said", n) end
end}
