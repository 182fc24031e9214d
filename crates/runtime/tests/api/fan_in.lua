--- program app.test:main
local check = require("check")
local eq, recv, exit_of = check.eq, check.recv, check.exit_of

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
