--- program app.test:main
local check = require("check")
local eq, has, recv = check.eq, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

local function quiet(what)
    local pid = assert(process.spawn_monitored("app.test:node", HOST, "return"))
    eq(recv(events, what).from, pid, what .. ": the next event")
end

local function main()
    assert(process.set_options{trap_links = true})

    -- the failure of a linked process is an event now
    local pid = assert(process.spawn("app.test:node", HOST))
    local ok, err = process.link(pid)
    eq(ok, true, "result of link")
    eq(err, nil, "second result of link")
    assert(process.send(pid, "fail"))
    local event = recv(events, "LINK_DOWN")
    eq(event.kind, process.event.LINK_DOWN, "kind")
    eq(event.from, pid, "from")
    has(event.result.error, "node failed", "error")
    eq(event.result.error:kind(), errors.INTERNAL, "kind of the error")

    -- the error object of the other arrives whole
    pid = assert(process.spawn_linked("app.test:node", HOST, "error object"))
    event = recv(events, "LINK_DOWN with an error object")
    eq(event.from, pid, "from")
    eq(event.result.error:kind(), errors.CONFLICT, "kind")
    eq(event.result.error:message(), "two at once", "message")

    -- terminated is abnormal as well
    pid = assert(process.spawn_linked("app.test:node", HOST))
    assert(process.terminate(pid))
    event = recv(events, "LINK_DOWN of a terminated one")
    eq(event.from, pid, "from")
    has(event.result.error, "process terminated", "error")

    -- a normal end is silent
    pid = assert(process.spawn_linked_monitored("app.test:node", HOST, "return"))
    event = recv(events, "EXIT of a normal end")
    eq(event.kind, process.event.EXIT, "kind")
    quiet("a normal end of a linked one")

    -- linking one that has ended: LINK_DOWN at once
    ok = process.link(pid)
    eq(ok, true, "link of an ended process")
    event = recv(events, "LINK_DOWN of one that had ended")
    eq(event.kind, process.event.LINK_DOWN, "kind")
    eq(event.from, pid, "from")
    eq(event.result.error:kind(), errors.NOT_FOUND, "kind of its error")

    -- one LINK_DOWN however often linked
    pid = assert(process.spawn_linked("app.test:node", HOST))
    assert(process.link(pid))
    assert(process.link(pid))
    assert(process.send(pid, "fail"))
    eq(recv(events, "the one LINK_DOWN").from, pid, "from")
    quiet("linked three times")

    -- who traps does not pass it on: the middle one traps, its parent is linked to it
    local middle = assert(process.spawn_linked("app.test:trapper", HOST, process.pid()))
    local child = recv(process.listen("child"), "the trapper's child")
    assert(process.send(child, "fail"))
    eq(recv(process.listen("trapped"), "the trapper's report"), child, "what the trapper trapped")
    assert(process.send(middle, "ping"))
    eq(recv(process.listen("pong"), "the trapper"), middle, "the trapper goes on")
    quiet("nothing reached us")

    -- switched off again, it fails with the other
    assert(process.send(middle, "untrap"))
    child = recv(process.listen("child"), "the trapper's second child")
    assert(process.send(child, "fail"))
    event = recv(events, "LINK_DOWN of the middle one")
    eq(event.from, middle, "from")
    has(event.result.error, "linked process failed", "error")

    -- unlink before the failure: no event
    pid = assert(process.spawn_linked_monitored("app.test:node", HOST))
    eq(process.unlink(pid), true, "unlink")
    eq(process.unlink(pid), true, "unlink twice")
    assert(process.send(pid, "fail"))
    event = recv(events, "EXIT")
    eq(event.kind, process.event.EXIT, "kind after unlink")
    quiet("after unlink")
end

return {main = main}

--- program app.test:node
return {main = function(how)
    if how == "return" then return "returned" end
    if how == "error object" then
        error(errors.new{message = "two at once", kind = errors.CONFLICT})
    end
    process.inbox():receive()
    error("node failed")
end}

--- program app.test:trapper
return {main = function(top)
    process.set_options{trap_links = true}
    process.send(top, "child", (process.spawn_linked("app.test:node", "app:processes")))
    process.send(top, "trapped", process.events():receive().from)
    process.inbox():receive()
    process.send(top, "pong", process.pid())
    process.inbox():receive()
    process.set_options{trap_links = false}
    process.send(top, "child", (process.spawn_linked("app.test:node", "app:processes")))
    process.inbox():receive()
end}
