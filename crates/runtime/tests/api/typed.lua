--- program app.test:main
local check = require("check")
local eq, good = check.eq, check.good

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
