--- program app.test:main
local check = require("check")
local eq, fails, raises, recv, exit_of =
    check.eq, check.fails, check.raises, check.recv, check.exit_of

local HOST = "app:processes"

local registry = process.registry

local function main()
    local me = process.pid()

    -- register: oneself by default
    local ok, err = registry.register("me")
    eq(ok, true, "register")
    eq(err, nil, "second result of register")
    local pid
    pid, err = registry.lookup("me")
    eq(pid, me, "lookup")
    eq(err, nil, "second result of lookup")
    eq(registry.register("me"), true, "the same name and PID again")
    eq(registry.register("me", me), true, "and once more, with the PID")

    -- several names
    assert(registry.register("me-too"))
    eq(registry.lookup("me-too"), me, "a second name")
    eq(registry.lookup("me"), me, "the first name, still")

    -- as a destination
    assert(process.send("me-too", "topic", "by name"))
    local message = recv(process.inbox())
    eq(message:payload(), "by name", "a message sent to a name")
    eq(message:from(), me, "its sender")

    -- of another process
    local other = assert(process.spawn_monitored("app.test:holder", HOST, me))
    assert(registry.register("other", other))
    eq(registry.lookup("other"), other, "a name given to another process")
    assert(process.send("other", "echo", "hello"))
    eq(recv(process.listen("echoed"), "the named one"), "hello", "the named process got it")

    -- taken
    fails(errors.ALREADY_EXISTS, "a name of another process", registry.register("other"))
    fails(errors.ALREADY_EXISTS, "our name for another process", registry.register("me", other))
    eq(registry.lookup("me"), me, "our name after that")
    eq(registry.lookup("other"), other, "the other's name after that")

    -- the two sides see the same table; a child cannot take what is taken
    assert(process.send(other, "register", "me"))
    eq(recv(process.listen("answer"), "the child's attempt"), errors.ALREADY_EXISTS, "kind of the child's attempt")
    assert(process.send(other, "register", "chosen by the child"))
    eq(recv(process.listen("answer"), "the child's attempt"), "ok", "a free name")
    eq(registry.lookup("chosen by the child"), other, "lookup of what the child chose")

    -- unregister: a boolean
    eq(registry.unregister("me-too"), true, "unregister of our name")
    fails(errors.NOT_FOUND, "lookup after unregister", registry.lookup("me-too"))
    eq(registry.unregister("me-too"), false, "unregister twice")
    eq(registry.unregister("never there"), false, "unregister of what never was")
    eq(registry.lookup("me"), me, "the first name, still")
    fails(errors.NOT_FOUND, "send to a name that is gone", process.send("me-too", "t"))
    eq(registry.register("me-too"), true, "a name that is free again")

    -- names go when their process ends, all of them
    assert(process.terminate(other))
    exit_of(other)
    fails(errors.NOT_FOUND, "a name of an ended process", registry.lookup("other"))
    fails(errors.NOT_FOUND, "its other name", registry.lookup("chosen by the child"))
    eq(registry.register("other"), true, "its name is free")
    fails(errors.NOT_FOUND, "a name for an ended process", registry.register("ghost", other))
    fails(errors.NOT_FOUND, "that name", registry.lookup("ghost"))

    -- what makes no sense
    fails(errors.INVALID, "register without a name", registry.register())
    fails(errors.INVALID, "register of an empty name", registry.register(""))
    fails(errors.INVALID, "lookup without a name", registry.lookup())
    raises("register of a table", "bad argument", registry.register, {})
    raises("register for a table", "bad argument", registry.register, "x", {})
    raises("lookup of a table", "bad argument", registry.lookup, {})
    fails(errors.NOT_FOUND, "lookup of what never was", registry.lookup("never there"))
    fails(errors.NOT_FOUND, "a name for no process", registry.register("x", "{app:processes|nobody}"))
    for _, name in ipairs{"with space", "ünï", "a:b", "a.b.c", ("n"):rep(100)} do
        eq(registry.register(name), true, "the name " .. name)
        eq(registry.lookup(name), me, "lookup of the name " .. name)
        eq(registry.unregister(name), true, "unregister of the name " .. name)
    end

    -- a race: of many, exactly one wins
    local racers, won, lost = 50, 0, 0
    for _ = 1, racers do assert(process.spawn("app.test:racer", HOST, me)) end
    local results = process.listen("raced")
    local winner
    for i = 1, racers do
        local result = recv(results, "racer " .. i)
        if result.ok then won, winner = won + 1, result.pid else lost = lost + 1 end
    end
    eq(won, 1, "winners of the race")
    eq(lost, racers - 1, "losers of the race")
    eq(registry.lookup("prize"), winner, "who holds the prize")
end

return {main = main}

--- program app.test:holder
return {main = function(top)
    while true do
        local message = process.inbox():receive()
        if message:topic() == "echo" then process.send(top, "echoed", message:payload())
        else
            local ok, err = process.registry.register(message:payload())
            process.send(top, "answer", ok and "ok" or err:kind())
        end
    end
end}

--- program app.test:racer
return {main = function(top)
    local ok, err = process.registry.register("prize")
    if not ok then assert(err:kind() == errors.ALREADY_EXISTS, "a loser's error must be AlreadyExists") end
    process.send(top, "raced", {ok = ok, pid = process.pid()})
    process.inbox():receive()
end}
