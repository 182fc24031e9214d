-- What the programs of this directory check with. The harness gives it to all of them as an import.
local check = {}

-- One for all waits of a process: a program that hangs fails instead.
local watchdog

-- The next value of a channel, and whether it was open.
function check.recv(ch, what)
    watchdog = watchdog or require("time").after("60s")
    local got = channel.select{ch:case_receive(), watchdog:case_receive()}
    assert(got.channel == ch, "timed out waiting for " .. (what or "a value"))
    return got.value, got.ok
end

-- The same value of the same type of number.
function check.eq(got, want, what)
    assert(got == want and math.type(got) == math.type(want),
        what .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
end

-- nil and an error of a kind, which it returns.
function check.fails(kind, what, value, err)
    assert(value == nil, what .. ": wanted nil and an error, got " .. tostring(value))
    assert(err ~= nil, what .. ": wanted an error, got none")
    assert(err:kind() == kind, what .. ": wanted kind " .. kind .. ", got " .. tostring(err:kind())
        .. " (" .. tostring(err) .. ")")
    return err
end

-- f(...) raises an error whose text matches a pattern; returns it.
function check.raises(what, pattern, f, ...)
    local ok, err = pcall(f, ...)
    assert(not ok, what .. ": wanted an error to be raised, got a return")
    assert(string.find(tostring(err), pattern), what .. ": wanted an error with '" .. pattern
        .. "', got " .. tostring(err))
    return err
end

-- A text contains another.
function check.has(text, part, what)
    assert(string.find(tostring(text), part, 1, true),
        what .. ": wanted a text with '" .. part .. "', got " .. tostring(text))
end

local exits = {}

-- How a monitored process has ended; other events than EXIT are not expected meanwhile.
function check.exit_of(pid)
    while not exits[pid] do
        local event = check.recv(process.events(), "EXIT of " .. pid)
        assert(event.kind == process.event.EXIT, "wanted an EXIT, got " .. tostring(event.kind))
        assert(not exits[event.from], "a second EXIT of " .. tostring(event.from))
        exits[event.from] = event.result
    end
    return exits[pid]
end

-- Runs a program to its end; returns how it ended, and its PID.
function check.run(id, ...)
    local pid, err = process.spawn_monitored(id, "app:processes", ...)
    assert(pid, "spawn of " .. id .. " failed: " .. tostring(err))
    return check.exit_of(pid), pid
end

-- Likewise for one that must not fail; returns its value.
function check.good(id, ...)
    local result = check.run(id, ...)
    assert(result.error == nil, id .. " failed: " .. tostring(result.error))
    return result.value
end

-- A scope of policies of the file.
function check.scope_of(names)
    local ids = {}
    for i, name in ipairs(names) do ids[i] = "app.test:" .. name end
    return require("security").new_scope(ids)
end

return check
