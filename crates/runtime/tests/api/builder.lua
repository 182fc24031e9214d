--- program app.test:main
local check = require("check")
local eq, fails, raises, has, recv, exit_of =
    check.eq, check.fails, check.raises, check.has, check.recv, check.exit_of

local events = process.events()

local HOST = "app:processes"

local function main()
    local base = process.with_context{request_id = "123", list = {1, {2}}}
    local function report(builder, ...)
        local pid, err = builder:spawn_monitored("app.test:reporter", HOST, ...)
        assert(pid, "spawn by a builder failed: " .. tostring(err))
        local result = exit_of(pid)
        assert(not result.error, tostring(result.error))
        return result.value, pid
    end

    -- values reach the child, arguments too, and a builder can spawn many times
    for i = 1, 3 do
        local got, pid = report(base, i, nil, "x")
        eq(got.context.request_id, "123", "a context value")
        eq(got.context.list[2][1], 2, "a table as context value")
        eq(got.pid, pid, "pid of the child")
        eq(got.arguments.n, 3, "number of arguments")
        eq(got.arguments[1], i, "first argument")
        eq(got.arguments[3], "x", "third argument")
    end

    -- every method returns a new builder and leaves the old one as it was
    local more = base:with_context{user = "ann", request_id = "456"}
    assert(more ~= base, "with_context must return a new builder")
    eq(report(more).context.request_id, "456", "a value that was replaced")
    eq(report(more).context.user, "ann", "a value that was added")
    assert(report(more).context.list, "values of the old one are still there")
    eq(report(base).context.request_id, "123", "the old builder's value")
    eq(report(base).context.user, nil, "the old builder has no added value")
    local messaging = base:with_message("hello", 1):with_message("hello", 2, "two")
    eq(#report(base).messages, 0, "the old builder has no messages")
    local got = report(messaging)
    eq(#got.messages, 2, "number of queued messages")
    eq(got.messages[1], 1, "first queued message")
    eq(got.messages[2][1], 2, "second queued message, first value")
    eq(got.messages[2][2], "two", "second queued message, second value")
    eq(#report(messaging).messages, 2, "queued messages come at every spawn")
    local named = base:with_name("the-child")
    eq(report(named).name, "the-child", "the name is claimed before the first instruction; lookup says")
    fails(errors.NOT_FOUND, "the name after the end", process.registry.lookup("the-child"))
    eq(report(base).name, nil, "the old builder has no name")
    eq(report(named).name, "the-child", "a named builder spawns again when the name is free")

    -- values are copied when the builder is made
    local values = {color = "red"}
    local early = process.with_context(values)
    values.color = "blue"
    eq(report(early).context.color, "red", "a change after with_context")

    -- the name is taken: no process, messages go to the owner, its PID is returned
    local owner = assert(base:with_name("single"):spawn_monitored("app.test:single", HOST, process.pid()))
    eq(recv(process.listen("up"), "the owner"), owner, "who is up")
    local pid, err = base:with_name("single"):with_message("job", "for the owner")
        :spawn_monitored("app.test:single", HOST, process.pid())
    eq(err, nil, "error of a spawn whose name is taken")
    eq(pid, owner, "the PID of a spawn whose name is taken")
    eq(recv(process.listen("job"), "the owner's word"), "for the owner", "the message went to the owner")
    assert(process.send(owner, "sync"))
    eq(recv(process.listen("sync"), "the owner's word"), 1, "only one process was started; starts")
    assert(process.terminate(owner))
    exit_of(owner)

    -- all four variants
    assert(process.set_options{trap_links = true})
    for _, name in ipairs{"spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored"} do
        pid = assert(base[name](base, "app.test:failing", HOST))
        local kinds = {}
        if name:find("monitored") then kinds[#kinds + 1] = process.event.EXIT end
        if name:find("linked") then kinds[#kinds + 1] = process.event.LINK_DOWN end
        for _, kind in ipairs(kinds) do
            local event = recv(events, name .. ": " .. kind)
            eq(event.kind, kind, name .. ": kind")
            eq(event.from, pid, name .. ": from")
        end
    end

    -- nil, err of the spawn methods; a raise of the builder's methods
    fails(errors.NOT_FOUND, "an unknown program", base:spawn("app.test:absent", HOST))
    fails(errors.NOT_FOUND, "an unknown host", base:spawn("app.test:failing", "app:absent"))
    fails(errors.INVALID, "an id without namespace", base:spawn("failing", HOST))
    raises("with_context of a string", "", process.with_context, "text")
    raises("with_context of nothing", "", process.with_context)
    raises("builder:with_context of a number", "", base.with_context, base, 5)
    raises("with_name of a table", "", base.with_name, base, {})
    raises("with_name of nothing", "", base.with_name, base)
    raises("with_message on a reserved topic", "", base.with_message, base, "@events", 1)
    raises("with_message on an empty topic", "", base.with_message, base, "", 1)
    raises("with_actor of a string", "", base.with_actor, base, "root")
    raises("with_scope of a string", "", base.with_scope, base, "all")
    eq(report(base).context.request_id, "123", "the builder after all that")
end

return {main = main}

--- program app.test:reporter
local ctx = require("ctx")
return {main = function(...)
    local report = {pid = process.pid(), context = ctx.all(), arguments = table.pack(...), messages = {}}
    if process.registry.lookup("the-child") == process.pid() then report.name = "the-child" end
    local hello = process.listen("hello")
    while true do
        local got = channel.select{hello:case_receive(), default = true}
        if got.default then return report end
        table.insert(report.messages, got.value)
    end
end}

--- program app.test:single
return {main = function(top)
    process.send(top, "up", process.pid())
    local starts, inbox = 1, process.inbox()
    while true do
        local message = inbox:receive()
        if message:topic() == "job" then process.send(top, "job", message:payload())
        else process.send(top, "sync", starts) end
    end
end}

--- program app.test:failing
return {main = function() error("on purpose") end}
