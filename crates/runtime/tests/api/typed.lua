--- program app.test:main
local time = require("time")

local function recv(ch, what)
    local got = channel.select{ch:case_receive(), time.after("5s"):case_receive()}
    assert(got.channel == ch, "timed out after 5 s waiting for " .. (what or "a value"))
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

local function good(id, ...)
    local pid, err = process.spawn_monitored(id, "app:processes", ...)
    assert(pid, "spawn of " .. id .. " failed: " .. tostring(err))
    local result = exit_of(pid)
    assert(result.error == nil, id .. " failed: " .. tostring(result.error))
    return result.value
end

local HOST = "app:processes"

-- Gradual types are accepted and dropped when a program says `dialect: typed`, and only then.
local function main()
    eq(good("app.test:typed", 4), "4 is even: true", "a typed program")
    local pid, err = process.spawn("app.test:broken_plain", HOST)
    eq(pid, nil, "the same syntax without dialect=typed")
    assert(err ~= nil, "the same syntax without dialect=typed: wanted an error, got none")
end

return {main = main}

--- program app.test:typed dialect=typed
local factor: number = 2
local name: string, flag: boolean = "even", true
local list: {number} = {1, 2, 3}

local function is_even(n: number): boolean
    return n % factor == 0
end

local function describe(n: number, suffix: string?): string
    local text = n :: any
    return text .. " is " .. name .. ": " .. tostring(is_even(n)) .. (suffix or "")
end

local M = {}

function M.sum(values: {number}): number
    local total: number = 0
    for _, v in ipairs(values) do total = total + v end
    return total
end

function M.main(n: number): string
    assert(M.sum(list) == 6, "wanted a sum of 6, got " .. M.sum(list))
    assert(flag, "a typed local must have its value")
    -- type is still an ordinary function
    assert(type(n) == "number", "wanted a number, got " .. type(n))
    local method = ("x"):rep(2)
    ::label::
    assert(method == "xx", "wanted xx, got " .. method)
    return describe(n)
end

return M

--- program app.test:broken_plain
local x: number = 1
return {main = function() return x end}
