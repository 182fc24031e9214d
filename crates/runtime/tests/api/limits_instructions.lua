--- config instructions=20000000

--- expect exit=error kind=Unavailable message=instructions

--- program app.test:main
-- The main process may execute 20 million instructions; nothing it can do catches the limit.
local function main()
    local before = process.usage().instructions
    for _ = 1, 1000000 do end
    local used = process.usage().instructions - before
    assert(used >= 1000000, "a million turns of a loop are at least a million instructions, got " .. used)
    assert(used <= 10000000, "and not ten times as many, got " .. used)

    -- what runs in a built-in is counted as well
    before = process.usage().instructions
    local _ = ("a"):rep(200000):find("b")
    used = process.usage().instructions - before
    assert(used >= 1000, "matching 200000 bytes must not be free, got " .. used)

    while true do
        pcall(function()
            local guard <close> = setmetatable({}, {__close = function() while true do end end})
            while guard do end
        end)
    end
end

return {main = main}
