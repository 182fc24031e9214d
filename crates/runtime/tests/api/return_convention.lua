--- program app.test:main
local check = require("check")
local eq = check.eq

local HOST = "app:processes"

-- Every call returns `value, nil` or `nil, err`; the exceptions are listed with it.
local function count(what, n, ...)
    eq(select("#", ...) <= n, true, what .. ": at most " .. n .. " results, got " .. select("#", ...))
    return ...
end

local function good(what, ...)
    local value, err = count(what, 2, ...)
    assert(value ~= nil and value ~= false, what .. ": wanted a value, got " .. tostring(value))
    assert(err == nil, what .. ": wanted no error, got " .. tostring(err))
    return value
end

local function bad(what, kind, ...)
    local value, err = count(what, 2, ...)
    assert(value == nil, what .. ": wanted nil, got " .. tostring(value))
    eq(type(err), "userdata", what .. ": type of the error")
    eq(err:kind(), kind, what .. ": kind")
    assert(#err:message() > 0, what .. ": the message must say something")
    eq(err:message(), tostring(err), what .. ": tostring gives the message")
end

local function main()
    local me, registry = process.pid(), process.registry

    good("pid", process.pid())
    good("id", process.id())
    good("inbox", process.inbox())
    good("events", process.events())
    good("listen", process.listen("t"))
    good("unlisten", process.unlisten(process.listen("t")))
    good("get_options", process.get_options())
    good("set_options", process.set_options{trap_links = true})
    good("send", process.send(me, "x"))
    local pid = good("spawn", process.spawn("app.test:sitter", HOST))
    good("monitor", process.monitor(pid))
    good("unmonitor", process.unmonitor(pid))
    good("link", process.link(pid))
    good("unlink", process.unlink(pid))
    good("register", registry.register("n"))
    good("lookup", registry.lookup("n"))
    good("unregister", registry.unregister("n"))
    good("cancel", process.cancel(pid, "1h"))
    good("terminate", process.terminate(pid))
    good("spawn_monitored", process.spawn_monitored("app.test:quick", HOST))
    good("spawn_linked", process.spawn_linked("app.test:quick", HOST))
    good("spawn_linked_monitored", process.spawn_linked_monitored("app.test:quick", HOST))
    good("call", process.call("app.test:quick", HOST))
    good("exec", process.exec("app.test:quick", HOST))
    local builder = good("with_context", process.with_context{})
    good("builder:spawn", builder:spawn("app.test:quick", HOST))
    good("builder:with_name", builder:with_name("x"))
    good("channel.new", channel.new())
    good("payload.new", payload.new(1))
    good("errors.new", errors.new("e"))

    local NF, INV = errors.NOT_FOUND, errors.INVALID
    bad("send", NF, process.send("nobody", "t"))
    bad("spawn", NF, process.spawn("app.test:absent", HOST))
    bad("spawn_monitored", NF, process.spawn_monitored("app.test:absent", HOST))
    bad("spawn_linked", NF, process.spawn_linked("app.test:absent", HOST))
    bad("spawn_linked_monitored", NF, process.spawn_linked_monitored("app.test:absent", HOST))
    bad("builder:spawn", NF, builder:spawn("app.test:absent", HOST))
    bad("call", NF, process.call("app.test:absent", HOST))
    bad("exec", NF, process.exec("app.test:absent", HOST))
    bad("terminate", NF, process.terminate("nobody"))
    bad("cancel", NF, process.cancel("nobody"))
    bad("monitor", NF, process.monitor("nobody"))
    bad("link", NF, process.link("nobody"))
    bad("lookup", NF, registry.lookup("nobody"))
    bad("upgrade", NF, process.upgrade("app.test:absent"))
    bad("listen", INV, process.listen("@x"))
    bad("unmonitor", INV, process.unmonitor())
    bad("unlink", INV, process.unlink())
    bad("register", INV, registry.register())

    -- the exceptions
    local ok, err = process.set_options{nonsense = 1}
    eq(ok, false, "set_options returns false")
    eq(err:kind(), INV, "and an error of kind")
    eq((registry.unregister("nobody")), false, "registry.unregister returns a boolean")
    eq((pcall(process.with_context, 5)), false, "with_context raises; pcall")
    eq((pcall(builder.with_name, builder, {})), false, "a method of the builder raises; pcall")

    -- assert on a failure raises the error object itself
    local raised
    ok, raised = pcall(function() return assert(process.send("nobody", "t")) end)
    eq(ok, false, "pcall of an assert on a failure")
    eq(raised:kind(), NF, "kind of what assert raised")

    -- what is there without require
    for _, name in ipairs{"process", "channel", "errors", "payload"} do
        eq(type(_G[name]), "table", "type of the global " .. name)
    end
    for _, name in ipairs{"print", "subscribe", "unsubscribe", "require"} do
        eq(type(_G[name]), "function", "type of the global " .. name)
    end
    eq(type(coroutine.spawn), "function", "type of coroutine.spawn")
end

return {main = main}

--- program app.test:sitter
return {main = function() process.inbox():receive() end}

--- program app.test:quick
return {main = function() return 1 end}
