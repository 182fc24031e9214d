--- program app.test:main
local check = require("check")
local eq, fails, has, recv, exit_of = check.eq, check.fails, check.has, check.recv, check.exit_of

local HOST = "app:processes"

local function start(program, ...)
    local pid = assert(process.spawn_monitored(program, HOST, process.pid(), ...))
    eq(recv(process.listen("ready"), program .. " to be ready"), pid, "who is ready")
    return pid
end

local function ping(pid, what)
    assert(process.send(pid, "ping"))
    eq(recv(process.listen("pong"), what), pid, what)
end

local function order(pid, what, other)
    assert(process.send(pid, what, other))
    eq(recv(process.listen("done"), what), pid, "who did " .. what)
end

local function main()
    -- an abnormal end of either side fails the other
    local a, b = start("app.test:node"), start("app.test:node")
    order(a, "link", b)
    assert(process.send(a, "fail"))
    has(exit_of(a).error, "node failed", "error of the one that failed")
    local result = exit_of(b)
    eq(result.value, nil, "value of the linked one")
    has(result.error, "linked process failed", "error of the linked one")
    a, b = start("app.test:node"), start("app.test:node")
    order(a, "link", b)
    assert(process.send(b, "fail"))
    has(exit_of(b).error, "node failed", "the other direction: error of the one that failed")
    has(exit_of(a).error, "linked process failed", "the other direction: error of the linked one")

    -- being terminated is an abnormal end
    a, b = start("app.test:node"), start("app.test:node")
    order(a, "link", b)
    assert(process.terminate(b))
    has(exit_of(b).error, "process terminated", "error of the terminated one")
    has(exit_of(a).error, "linked process failed", "its linked one")

    -- it cascades along a chain and around a ring
    local chain = {}
    for i = 1, 10 do
        chain[i] = start("app.test:node")
        if i > 1 then order(chain[i], "link", chain[i - 1]) end
    end
    order(chain[1], "link", chain[10])
    assert(process.send(chain[5], "fail"))
    for i = 1, 10 do
        has(exit_of(chain[i]).error, i == 5 and "node failed" or "linked process failed", "member " .. i)
    end

    -- a normal end removes the link silently
    a, b = start("app.test:node"), start("app.test:node")
    order(a, "link", b)
    assert(process.send(b, "return"))
    eq(exit_of(b).value, "returned", "value of the one that returned")
    ping(a, "a process whose linked one ended normally")

    -- a busy loop is interrupted too
    local busy = start("app.test:node")
    order(a, "link", busy)
    assert(process.send(busy, "loop"))
    assert(process.send(a, "fail"))
    has(exit_of(a).error, "node failed", "error of the one that failed")
    has(exit_of(busy).error, "linked process failed", "the one in a busy loop")

    -- unlink
    a, b = start("app.test:node"), start("app.test:node")
    order(a, "link", b)
    order(a, "unlink", b)
    assert(process.send(b, "fail"))
    has(exit_of(b).error, "node failed", "error after unlink")
    ping(a, "a process that had unlinked")
    b = start("app.test:node")
    order(a, "link", b)
    order(b, "unlink", a)      -- from the other side
    order(b, "unlink", a)      -- and twice
    assert(process.send(b, "fail"))
    exit_of(b)
    ping(a, "a process from which the other had unlinked")

    -- linking twice is one link: one unlink undoes it
    b = start("app.test:node")
    order(a, "link", b)
    order(b, "link", a)
    order(a, "unlink", b)
    assert(process.send(b, "fail"))
    exit_of(b)
    ping(a, "linked from both sides, unlinked once")

    -- linking one that ended is a LINK_DOWN: who does not trap ends of it
    assert(process.send(a, "link", b))
    has(exit_of(a).error, "linked process failed", "linking an ended process")
    -- where the other ended on another shard, it had the time to say so
    channel.select{process.listen("done"):case_receive(), default = true}

    -- spawn_linked: parent and child, before the child's first instruction
    local parent = start("app.test:parent")
    has(exit_of(parent).error, "linked process failed", "parent of a child that fails at once")

    -- a link by name
    a, b = start("app.test:node"), start("app.test:node")
    assert(process.registry.register("the-other", b))
    order(a, "link", "the-other")
    assert(process.send(b, "fail"))
    exit_of(b)
    has(exit_of(a).error, "linked process failed", "linked by name")
end

return {main = main}

--- program app.test:node
return {main = function(top)
    process.send(top, "ready", process.pid())
    while true do
        local message = process.inbox():receive()
        local topic, other = message:topic(), message:payload()
        if topic == "link" then assert(process.link(other)) process.send(top, "done", process.pid())
        elseif topic == "unlink" then assert(process.unlink(other)) process.send(top, "done", process.pid())
        elseif topic == "ping" then process.send(top, "pong", process.pid())
        elseif topic == "loop" then while true do end
        elseif topic == "fail" then error("node failed")
        else return "returned" end
    end
end}

--- program app.test:parent
return {main = function(top)
    process.send(top, "ready", process.pid())
    assert(process.spawn_linked("app.test:failure", "app:processes"))
    process.inbox():receive()
end}

--- program app.test:failure
return {main = function() error("at once") end}
