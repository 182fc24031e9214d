--- program app.test:main
local check = require("check")
local eq, fails, raises, has, recv, run =
    check.eq, check.fails, check.raises, check.has, check.recv, check.run

local events = process.events()

local function main()
    local me = process.pid()

    fails(errors.INVALID, "send without arguments", process.send())
    fails(errors.INVALID, "send without a topic", process.send(me))
    fails(errors.INVALID, "send to nil", process.send(nil, "topic"))
    fails(errors.INVALID, "send with nil as topic", process.send(me, nil, 1))
    fails(errors.INVALID, "send with an empty topic", process.send(me, "", 1))
    fails(errors.INVALID, "send on @inbox", process.send(me, "@inbox", 1))
    fails(errors.INVALID, "send on @events", process.send(me, "@events", 1))
    fails(errors.INVALID, "send on @x", process.send(me, "@x", 1))

    raises("a table as destination", "bad argument", process.send, {}, "topic")
    raises("a boolean as destination", "bad argument", process.send, true, "topic")
    raises("a table as topic", "bad argument", process.send, me, {})
    raises("a function as topic", "bad argument", process.send, me, print)

    local err = fails(errors.NOT_FOUND, "send to an unknown name", process.send("nobody-here", "t", 1))
    has(err, "not found", "message of a send to an unknown name")
    fails(errors.NOT_FOUND, "send to {}", process.send("{}", "t", 1))
    fails(errors.NOT_FOUND, "send to a PID without id", process.send("{app:processes|}", "t", 1))
    fails(errors.NOT_FOUND, "send to a PID cut short", process.send(me:sub(1, -2), "t", 1))
    fails(errors.NOT_FOUND, "send to a PID of a host that does not exist",
        process.send((me:gsub("app:processes", "app:nowhere")), "t", 1))

    -- a process that has ended
    local result, dead = run("app.test:nothing")
    eq(result.error, nil, "error of a process that ended normally")
    err = fails(errors.NOT_FOUND, "send to an ended process", process.send(dead, "t", 1))
    has(err, "not found", "message of a send to an ended process")
    err = fails(errors.NOT_FOUND, "the same once more", process.send(dead, "t"))
    has(err:message(), "not found", "message() of a send to an ended process")

    -- and so do the other functions that take a destination
    fails(errors.NOT_FOUND, "terminate an ended process", process.terminate(dead))
    fails(errors.NOT_FOUND, "cancel an ended process", process.cancel(dead))
    fails(errors.NOT_FOUND, "terminate an unknown name", process.terminate("nobody-here"))
    fails(errors.NOT_FOUND, "cancel an unknown name", process.cancel("nobody-here", "1s"))
    fails(errors.NOT_FOUND, "monitor an unknown name", process.monitor("nobody-here"))
    fails(errors.NOT_FOUND, "link an unknown name", process.link("nobody-here"))
    fails(errors.INVALID, "terminate without arguments", process.terminate())
    fails(errors.INVALID, "cancel without arguments", process.cancel())
    fails(errors.INVALID, "monitor without arguments", process.monitor())
    fails(errors.INVALID, "unmonitor without arguments", process.unmonitor())
    fails(errors.INVALID, "link without arguments", process.link())
    fails(errors.INVALID, "unlink without arguments", process.unlink())
    for _, name in ipairs{"terminate", "cancel", "monitor", "unmonitor", "link", "unlink"} do
        raises("a table as destination of " .. name, "bad argument", process[name], {})
    end

    -- what is right returns true and nothing else, and nothing of the above arrived
    local ok, none = process.send(me, "good")
    eq(ok, true, "first result of a send")
    eq(none, nil, "second result of a send")
    ok = process.send(me, "with@inside", 2)
    eq(ok, true, "send with @ inside the topic")
    eq(recv(process.inbox(), "the good message"):topic(), "good", "first message that arrived")
    eq(recv(process.inbox(), "the second"):topic(), "with@inside", "second message that arrived")
end

return {main = main}

--- program app.test:nothing
return {main = function() end}
