--- program app.test:main
local check = require("check")
local eq, has, recv = check.eq, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

local RFC3339 = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d[%.%d]*[Z%+%-]"

local function common(event, kind, from, what)
    eq(type(event), "table", what .. ": type of an event")
    eq(event.kind, kind, what .. ": kind")
    eq(event.from, from, what .. ": from")
    eq(type(event.at), "string", what .. ": type of at")
    assert(event.at:match(RFC3339), what .. ": at must be RFC 3339, got " .. event.at)
end

local function main()
    local me = process.pid()
    eq(process.event.CANCEL, "pid.cancel", "process.event.CANCEL")
    eq(process.event.EXIT, "pid.exit", "process.event.EXIT")
    eq(process.event.LINK_DOWN, "pid.link.down", "process.event.LINK_DOWN")

    -- EXIT of a normal and of an abnormal end: result is always a table
    local pid = assert(process.spawn_monitored("app.test:ender", HOST, "returns"))
    local event = recv(events, "EXIT")
    common(event, "pid.exit", pid, "EXIT of a normal end")
    eq(event.result.value.answer, 42, "result.value")
    eq(event.result.error, nil, "result.error")
    pid = assert(process.spawn_monitored("app.test:ender", HOST, "nothing"))
    event = recv(events, "EXIT")
    common(event, "pid.exit", pid, "EXIT without a value")
    eq(type(event.result), "table", "type of result without a value")
    eq(next(event.result), nil, "contents of result without a value")
    pid = assert(process.spawn_monitored("app.test:ender", HOST, "fails"))
    event = recv(events, "EXIT")
    common(event, "pid.exit", pid, "EXIT of an abnormal end")
    eq(event.result.value, nil, "result.value")
    eq(event.result.error:kind(), errors.INTERNAL, "kind of result.error")
    has(event.result.error, "on purpose", "result.error")

    -- LINK_DOWN
    assert(process.set_options{trap_links = true})
    pid = assert(process.spawn_linked("app.test:ender", HOST, "fails"))
    event = recv(events, "LINK_DOWN")
    common(event, "pid.link.down", pid, "LINK_DOWN")
    has(event.result.error, "on purpose", "result.error of LINK_DOWN")
    eq(event.result.value, nil, "result.value of LINK_DOWN")

    -- CANCEL
    assert(process.cancel(me))
    event = recv(events, "CANCEL")
    common(event, "pid.cancel", me, "CANCEL")
    eq(event.deadline, nil, "deadline of a CANCEL without one")
    eq(event.reason, nil, "reason of a CANCEL without one")
    eq(event.result, nil, "CANCEL has no result")
    assert(process.cancel(me, "1h"))
    event = recv(events, "CANCEL with a deadline")
    common(event, "pid.cancel", me, "CANCEL with a deadline")
    eq(type(event.deadline), "string", "type of deadline")
    assert(event.deadline:match(RFC3339), "deadline must be RFC 3339, got " .. event.deadline)
    assert(event.deadline > event.at, "the deadline " .. event.deadline .. " must be after " .. event.at)

    -- events wait until somebody asks, in order, and are no messages
    local pids = {}
    for i = 1, 10 do
        pids[i] = assert(process.spawn("app.test:waiter", HOST))
        assert(process.monitor(pids[i]))
    end
    for i = 1, 10 do
        assert(process.send(pids[i], "end"))
        -- a second monitor of the same process, seen by somebody else, says when it is over
        local watcher = assert(process.spawn("app.test:watcher", HOST, me, pids[i]))
        eq(recv(process.inbox(), "word of the watcher"):from(), watcher, "who speaks")
    end
    local seen = {}
    for i = 1, 10 do
        local from = recv(events, "EXIT " .. i .. " that waited").from
        assert(not seen[from], "a second EXIT of " .. from)
        seen[from] = true
    end
    for i = 1, 10 do assert(seen[pids[i]], "the EXIT of " .. pids[i] .. " must have waited") end
    local got = channel.select{process.inbox():case_receive(), default = true}
    eq(got.default, true, "an event must not show in the inbox; default")

    -- nobody can forge one
    local ok, err = process.send(me, "@events", {kind = "pid.cancel"})
    eq(ok, nil, "a send to @events")
    eq(err:kind(), errors.INVALID, "its kind")
    got = channel.select{events:case_receive(), default = true}
    eq(got.default, true, "no event is left; default")
end

return {main = main}

--- program app.test:ender
return {main = function(how)
    if how == "returns" then return {answer = 42} end
    if how == "fails" then error("on purpose") end
end}

--- program app.test:waiter
return {main = function() process.inbox():receive() end}

--- program app.test:watcher
return {main = function(top, pid)
    process.monitor(pid)
    process.events():receive()
    process.send(top, "over", pid)
end}
