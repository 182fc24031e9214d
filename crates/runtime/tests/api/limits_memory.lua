--- config memory=8MiB

--- expect exit=error kind=Unavailable message=memory

--- program app.test:main
-- The main process may hold 8 MiB. pcall cannot catch the limit, and garbage does not count.
local function main()
    -- far more than 8 MiB in all, little at any time
    local kept = 0
    for i = 1, 2000 do
        local t = {}
        for j = 1, 1000 do t[j] = j end
        kept = kept + #t
    end
    assert(kept == 2000 * 1000, "wanted 2000000 elements, got " .. kept)
    for i = 1, 100 do
        local s = ("x"):rep(1 << 20) .. i
        assert(#s > 1 << 20, "wanted a string of over 1 MiB, got " .. #s)
    end
    assert(process.usage().memory_bytes <= 8 << 20, "memory in use must be within the limit, got "
        .. process.usage().memory_bytes)

    -- and now it counts: if any of this is caught, the program ends normally and the test fails
    pcall(function()
        local list = {}
        for i = 1, 64 do list[i] = ("x"):rep(1 << 20) .. i end
        return #list
    end)
    local co = coroutine.create(function()
        local list = {}
        for i = 1, 10000000 do list[i] = {i} end
        return #list
    end)
    coroutine.resume(co)
    return "ended normally"
end

return {main = main}
