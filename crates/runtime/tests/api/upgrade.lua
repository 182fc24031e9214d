--- program app.test:main
local check = require("check")
local eq, recv = check.eq, check.recv

local events = process.events()

local HOST = "app:processes"

local builder = process.with_context{color = "red"}

local function start(...)
    local pid = assert(builder:spawn_monitored("app.test:v1", HOST, process.pid(), ...))
    eq(recv(process.listen("v1"), "the first version"), pid, "who runs the first version")
    return pid
end

local function exit_of(pid, what)
    local event = recv(events, what .. ": EXIT")
    eq(event.from, pid, what .. ": from")
    return event.result
end

local function main()
    -- kept: PID, names, options, context, every unread message; gone: the Lua state
    local pid = start()
    for i = 1, 3 do
        assert(process.send(pid, "plain", i))
        assert(process.send(pid, "listened", i))
    end
    assert(process.cancel(pid, "unread event"))
    assert(process.send(pid, "command", {"upgrade", "app.test:v2", "state", {n = 1}}))
    local report = recv(process.listen("v2"), "the second version's report")
    eq(report.pid, pid, "pid()")
    eq(report.id, "app.test:v2", "id() is that of the new program")
    eq(report.leftover, nil, "a global of the old program")
    eq(report.name, pid, "the name is kept")
    eq(report.trap_links, true, "options are kept")
    eq(report.color, "red", "context is kept")
    eq(report.arguments.n, 2, "number of arguments")
    eq(report.arguments[1], "state", "first argument")
    eq(report.arguments[2].n, 1, "second argument")
    eq(report.event, "unread event", "an unread event is kept")
    for i = 1, 3 do
        eq(report.listened[i], i, "unread message " .. i .. " on a topic that was listened to")
        eq(report.plain[i], i, "unread message " .. i .. " of the inbox")
    end
    -- our monitor is kept, too: its end reaches us, once
    assert(process.send(pid, "end"))
    eq(exit_of(pid, "upgraded").value, "v2 done", "the value is the new program's")

    -- the process's own monitors and links are kept
    pid = start()
    assert(process.send(pid, "command", {"adopt"}))
    local child = recv(process.listen("child"), "the adopted child")
    assert(process.send(pid, "command", {"upgrade", "app.test:v2_events"}))
    recv(process.listen("v2"), "the new version")
    assert(process.send(child, "fail"))
    eq(recv(process.listen("seen"), "first event"), process.event.EXIT, "the monitor made before the upgrade")
    eq(recv(process.listen("seen"), "second event"), process.event.LINK_DOWN, "the link made before the upgrade")
    eq(exit_of(pid, "v2_events").error, nil, "error at the end")

    -- nil: the same program, from the start
    pid = start(0)
    assert(process.send(pid, "command", {"again", 1}))
    eq(recv(process.listen("v1"), "the first version again"), pid, "who runs it")
    assert(process.send(pid, "command", {"count"}))
    eq(recv(process.listen("count"), "the count"), 1, "state that was passed")
    assert(process.send(pid, "command", {"leftover"}))
    eq(recv(process.listen("leftover"), "leftover"), "clean", "globals after an upgrade to itself")

    -- a program that does not load, or is not there: nil, err, and the old one goes on
    for _, case in ipairs{{"app.test:absent", errors.NOT_FOUND}, {"app.test:broken"}, {"app.test:raising"},
        {"no-namespace", errors.INVALID}} do
        assert(process.send(pid, "command", {"upgrade", case[1]}))
        local refused = recv(process.listen("refused"), "the failure of " .. case[1])
        eq(refused.value, nil, case[1] .. ": first result")
        eq(type(refused.kind), "string", case[1] .. ": type of the error's kind")
        if case[2] then eq(refused.kind, case[2], case[1] .. ": kind") end
        assert(process.send(pid, "command", {"count"}))
        eq(recv(process.listen("count"), "the old one"), 1, case[1] .. ": the old one goes on with its state")
    end

    -- many upgrades in a row; still the same process
    for i = 2, 20 do
        assert(process.send(pid, "command", {"again", i}))
        eq(recv(process.listen("v1"), "upgrade " .. i), pid, "who runs after upgrade " .. i)
    end
    assert(process.send(pid, "command", {"count"}))
    eq(recv(process.listen("count"), "the count"), 20, "state after all of them")
    assert(process.send(pid, "command", {"end"}))
    eq(exit_of(pid, "v1").value, "v1 done", "value at the end")
end

return {main = main}

--- program app.test:v1
return {main = function(top, count)
    local commands = process.listen("command")
    assert(process.registry.register("upgraded-one"))
    local was = rawget(_G, "leftover") and "dirty" or "clean"
    rawset(_G, "leftover", "of v1")
    process.listen("listened")
    process.set_options{trap_links = true}
    process.send(top, "v1", process.pid())
    while true do
        local c = commands:receive()
        if c[1] == "upgrade" then
            local value, err
            if c[4] then value, err = process.upgrade(c[2], c[3], c[4])
            else value, err = process.upgrade(c[2], top) end
            process.send(top, "refused", {value = value, kind = err and err:kind()})
        elseif c[1] == "again" then process.upgrade(nil, top, c[2])
        elseif c[1] == "adopt" then
            process.send(top, "child", (process.spawn_linked_monitored("app.test:child", "app:processes")))
        elseif c[1] == "count" then process.send(top, "count", count)
        elseif c[1] == "leftover" then process.send(top, "leftover", was)
        else return "v1 done" end
    end
end}

--- program app.test:v2
local ctx = require("ctx")
return {main = function(...)
    local report = {pid = process.pid(), id = process.id(), leftover = rawget(_G, "leftover"),
        name = process.registry.lookup("upgraded-one"), trap_links = process.get_options().trap_links,
        color = ctx.get("color"), arguments = table.pack(...), plain = {}, listened = {}}
    local event = process.events():receive()
    report.event = event.reason
    local top = event.from
    local listened = process.listen("listened")
    for i = 1, 3 do report.listened[i] = listened:receive() end
    local inbox = process.inbox()
    for i = 1, 3 do report.plain[i] = inbox:receive():payload() end
    process.send(top, "v2", report)
    inbox:receive()
    return "v2 done"
end}

--- program app.test:v2_events
return {main = function(top)
    process.send(top, "v2", "ready")
    for _ = 1, 2 do process.send(top, "seen", process.events():receive().kind) end
end}

--- program app.test:child
return {main = function() process.inbox():receive() error("child failed") end}

--- program app.test:broken
return {main = function( end

--- program app.test:raising
error("no upgrade to this")
