--- program app.test:main
local time = require("time")
local watchdog = time.after("60s")

local function recv(ch, what)
    local got = channel.select{ch:case_receive(), watchdog:case_receive()}
    assert(got.channel == ch, "timed out waiting for " .. (what or "a value"))
    return got.value, got.ok
end

local function eq(got, want, what)
    assert(got == want and math.type(got) == math.type(want),
        what .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
end

local events = process.events()
local exits = {}

local function exit_of(pid)
    while not exits[pid] do
        local event = recv(events, "EXIT of " .. pid)
        assert(event.kind == process.event.EXIT, "wanted an EXIT, got " .. tostring(event.kind))
        assert(not exits[event.from], "a second EXIT of " .. tostring(event.from))
        exits[event.from] = event.result
    end
    return exits[pid]
end

local HOST = "app:processes"

-- Many senders, one receiver: every message arrives once, each sender's in order.
local SENDERS, MESSAGES = 50, 100

local function main()
    local me = process.pid()
    local senders = {}
    for i = 1, SENDERS do
        senders[i] = assert(process.spawn_monitored("app.test:sender", HOST, me, i, MESSAGES))
    end
    for i = 1, SENDERS do assert(process.send(senders[i], "go")) end

    local inbox, last, total = process.inbox(), {}, 0
    for _ = 1, SENDERS * MESSAGES do
        local message = recv(inbox, "message " .. total + 1)
        eq(message:topic(), "work", "topic")
        local payload = message:payload()
        local i, n = payload[1], payload[2]
        eq(message:from(), senders[i], "sender of a message of sender " .. tostring(i))
        eq(n, (last[i] or 0) + 1, "next message of sender " .. i)
        last[i] = n
        total = total + 1
    end
    for i = 1, SENDERS do eq(last[i], MESSAGES, "messages of sender " .. i) end
    for i = 1, SENDERS do
        local result = exit_of(senders[i])
        eq(result.error, nil, "error of sender " .. i)
        eq(result.value, MESSAGES, "what sender " .. i .. " says it sent")
    end
    local got = channel.select{inbox:case_receive(), default = true}
    eq(got.default, true, "nothing is left; default")

    -- the other way: one sender, many receivers, each answers once
    local receivers = {}
    for i = 1, SENDERS do receivers[i] = assert(process.spawn_monitored("app.test:receiver", HOST, me)) end
    for n = 1, 20 do
        for i = 1, SENDERS do assert(process.send(receivers[i], "n", n)) end
    end
    local answers, sums = process.listen("sum"), 0
    for i = 1, SENDERS do sums = sums + recv(answers, "answer " .. i) end
    eq(sums, SENDERS * 210, "sum of all answers")
    for i = 1, SENDERS do eq(exit_of(receivers[i]).error, nil, "error of receiver " .. i) end
end

return {main = main}

--- program app.test:sender
return {main = function(top, i, messages)
    process.listen("go"):receive()
    for n = 1, messages do assert(process.send(top, "work", i, n)) end
    return messages
end}

--- program app.test:receiver
return {main = function(top)
    local inbox, sum = process.inbox(), 0
    for n = 1, 20 do
        local got = inbox:receive():payload()
        assert(got == n, "wanted message " .. n .. ", got " .. tostring(got))
        sum = sum + got
    end
    assert(process.send(top, "sum", sum))
end}
