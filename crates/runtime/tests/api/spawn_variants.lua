--- program app.test:main
local check = require("check")
local eq, has, recv = check.eq, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

local function next_event(what)
    return recv(events, what)
end

local function main()
    assert(process.set_options{trap_links = true})

    -- spawn: no news of the end. The monitored one that starts later tells when all is over.
    local plain, err = process.spawn("app.test:worker", HOST, "fail")
    eq(err, nil, "second result of spawn")
    eq(type(plain), "string", "first result of spawn")
    local witness = assert(process.spawn_monitored("app.test:watcher", HOST, plain))
    local event = next_event("the watcher's EXIT")
    eq(event.from, witness, "the only event, since spawn neither monitors nor links")

    -- spawn_monitored: EXIT, of normal and of abnormal ends
    local pid = assert(process.spawn_monitored("app.test:worker", HOST, "return"))
    event = next_event("EXIT of a normal end")
    eq(event.kind, process.event.EXIT, "kind")
    eq(event.from, pid, "from")
    eq(event.result.value, "fine", "value")
    eq(event.result.error, nil, "error")
    pid = assert(process.spawn_monitored("app.test:worker", HOST, "fail"))
    event = next_event("EXIT of an abnormal end")
    eq(event.kind, process.event.EXIT, "kind")
    eq(event.from, pid, "from")
    eq(event.result.value, nil, "value")
    has(event.result.error, "worker failed", "error")

    -- spawn_linked: LINK_DOWN of abnormal ends only
    pid = assert(process.spawn_linked("app.test:worker", HOST, "fail"))
    event = next_event("LINK_DOWN")
    eq(event.kind, process.event.LINK_DOWN, "kind")
    eq(event.from, pid, "from")
    has(event.result.error, "worker failed", "error of LINK_DOWN")
    local quiet = assert(process.spawn_linked("app.test:worker", HOST, "return"))
    witness = assert(process.spawn_monitored("app.test:watcher", HOST, quiet))
    event = next_event("the watcher's EXIT")
    eq(event.from, witness, "a normal end of a linked child is silent; the next event")

    -- spawn_linked_monitored: EXIT, then LINK_DOWN
    pid = assert(process.spawn_linked_monitored("app.test:worker", HOST, "fail"))
    event = next_event("EXIT of the linked and monitored")
    eq(event.kind, process.event.EXIT, "the first of the two")
    eq(event.from, pid, "from")
    event = next_event("LINK_DOWN of the linked and monitored")
    eq(event.kind, process.event.LINK_DOWN, "the second of the two")
    eq(event.from, pid, "from")
    pid = assert(process.spawn_linked_monitored("app.test:worker", HOST, "return"))
    event = next_event("EXIT of the linked and monitored that ended normally")
    eq(event.kind, process.event.EXIT, "kind")
    eq(event.from, pid, "from")
    local last = assert(process.spawn_monitored("app.test:worker", HOST, "return"))
    eq(next_event("EXIT of the last").from, last, "no LINK_DOWN after a normal end; the next event")

    -- the child's link works in the other direction as well
    local parent = assert(process.spawn_monitored("app.test:short_parent", HOST, process.pid()))
    local child = recv(process.listen("child"), "the child's PID")
    assert(process.monitor(child))
    process.send(parent, "go")
    local ended = {}
    for _ = 1, 2 do
        event = next_event("the EXITs of parent and child")
        ended[event.from] = tostring(event.result.error)
    end
    has(ended[parent], "parent failed", "error of the parent")
    has(ended[child], "linked process failed", "error of its linked child")
end

return {main = main}

--- program app.test:worker
return {main = function(how)
    if how == "fail" then error("worker failed") end
    return "fine"
end}

--- program app.test:watcher
-- ends when the given process has ended
return {main = function(pid)
    process.monitor(pid)
    process.events():receive()
end}

--- program app.test:short_parent
return {main = function(top)
    process.send(top, "child", (process.spawn_linked("app.test:sitter", "app:processes")))
    process.inbox():receive()
    error("parent failed")
end}

--- program app.test:sitter
return {main = function() process.inbox():receive() end}
