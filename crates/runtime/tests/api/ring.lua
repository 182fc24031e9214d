--- program app.test:main
local check = require("check")
local eq, recv, exit_of = check.eq, check.recv, check.exit_of

local HOST = "app:processes"

-- A token goes ten times around a ring of a hundred processes.
local MEMBERS, ROUNDS = 100, 10

local function main()
    local me = process.pid()
    local members = {}
    for i = 1, MEMBERS do members[i] = assert(process.spawn_monitored("app.test:member", HOST, i)) end
    for i = 1, MEMBERS do assert(process.send(members[i], "next", members[i % MEMBERS + 1], me)) end

    assert(process.send(members[1], "token", {hops = 0, left = MEMBERS * ROUNDS, seen = {}}))
    local token = recv(process.listen("home"), "the token")
    eq(token.hops, MEMBERS * ROUNDS, "hops of the token")
    for i = 1, MEMBERS do eq(token.seen[i], ROUNDS, "visits at member " .. i) end

    -- many tokens at once, each counted at its end
    for n = 1, 50 do
        assert(process.send(members[(n * 7) % MEMBERS + 1], "token", {hops = 0, left = MEMBERS, seen = {}, n = n}))
    end
    local got = {}
    for i = 1, 50 do
        token = recv(process.listen("home"), "token " .. i)
        eq(token.hops, MEMBERS, "hops of token " .. tostring(token.n))
        assert(not got[token.n], "token " .. tostring(token.n) .. " came twice")
        got[token.n] = true
    end
    eq(#got, 50, "tokens that came home")

    for i = 1, MEMBERS do assert(process.send(members[i], "stop")) end
    local hops = 0
    for i = 1, MEMBERS do
        local result = exit_of(members[i])
        eq(result.error, nil, "error of member " .. i)
        hops = hops + result.value
    end
    eq(hops, MEMBERS * ROUNDS + 50 * MEMBERS, "hops that the members counted")
end

return {main = main}

--- program app.test:member
return {main = function(i)
    local where = process.listen("next"):receive()
    local following, home = where[1], where[2]
    local inbox, hops = process.inbox(), 0
    while true do
        local message = inbox:receive()
        if message:topic() == "stop" then return hops end
        local token = message:payload()
        hops = hops + 1
        token.hops, token.left = token.hops + 1, token.left - 1
        token.seen[i] = (token.seen[i] or 0) + 1
        if token.left == 0 then assert(process.send(home, "home", token))
        else assert(process.send(following, "token", token)) end
    end
end}
