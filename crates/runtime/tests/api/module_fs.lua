--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, recv, good = check.eq, check.fails, check.raises, check.recv, check.good

local fs = require("fs")

local function main()
    local grants = fs.grants()
    assert(type(grants) == "table" and #grants >= 1, "there must be a granted directory")
    local root = grants[1].path
    eq(type(root), "string", "type of grants()[1].path")
    local base = root .. "/api-" .. time.now()
    assert(fs.mkdir(base))
    local function path(name) return base .. "/" .. name end

    -- write and read: whole files, any bytes
    for _, data in ipairs{"", "text\n", "a\0b\xff\xfe\r\n", ("0123456789"):rep(20000)} do
        assert(fs.write(path("file"), data))
        local got, err = fs.read(path("file"))
        assert(err == nil, "read: wanted no error, got " .. tostring(err))
        assert(got == data, "read: wanted " .. #data .. " bytes as written, got " .. #got)
    end
    assert(fs.write(path("file"), "short"))
    eq(fs.read(path("file")), "short", "write replaces the whole file")

    -- append, creating
    assert(fs.append(path("log"), "one\n"))
    assert(fs.append(path("log"), "two\n"))
    eq(fs.read(path("log")), "one\ntwo\n", "append")

    -- list: names, sorted
    assert(fs.mkdir(path("sub")))
    assert(fs.write(path("sub/b"), "b"))
    assert(fs.write(path("sub/a"), "a"))
    assert(fs.write(path("sub/ünï c"), "c"))
    local names = assert(fs.list(path("sub")))
    eq(table.concat(names, ","), "a,b,ünï c", "list")
    eq(table.concat(assert(fs.list(base)), ","), "file,log,sub", "list of the directory itself")
    assert(fs.mkdir(path("empty")))
    eq(#assert(fs.list(path("empty"))), 0, "list of an empty directory")
    assert(fs.mkdir(path("deep/er/still")))
    eq(table.concat(assert(fs.list(path("deep"))), ","), "er", "mkdir creates parents")

    -- stat
    local stat = assert(fs.stat(path("file")))
    eq(stat.type, "file", "stat of a file; type")
    eq(stat.size, 5, "stat of a file; size")
    eq(math.type(stat.modified), "integer", "stat of a file; type of modified")
    assert(math.abs(stat.modified - time.now()) < 3600 * 1000000000, "modified must be about now, got " .. stat.modified)
    eq(assert(fs.stat(path("sub"))).type, "directory", "stat of a directory; type")

    -- remove
    eq(fs.remove(path("file")), true, "remove")
    fails(errors.NOT_FOUND, "read of a removed file", fs.read(path("file")))
    fails(errors.NOT_FOUND, "remove twice", fs.remove(path("file")))
    eq(fs.remove(path("empty")), true, "remove of an empty directory")
    local ok, err = fs.remove(path("sub"))
    eq(ok, nil, "remove of a directory that is not empty")
    assert(err ~= nil, "remove of a directory that is not empty: wanted an error, got none")
    eq(fs.read(path("sub/a")), "a", "what was in it is still there")

    -- missing
    fails(errors.NOT_FOUND, "read of a missing file", fs.read(path("missing")))
    fails(errors.NOT_FOUND, "stat of a missing file", fs.stat(path("missing")))
    fails(errors.NOT_FOUND, "list of a missing directory", fs.list(path("missing")))
    fails(errors.NOT_FOUND, "write into a missing directory", fs.write(path("missing/file"), "x"))
    ok, err = fs.read(path("sub"))
    assert(ok == nil and err ~= nil, "read of a directory must fail")

    -- outside of the grant
    local DENIED = errors.PERMISSION_DENIED
    for _, outside in ipairs{"/etc/passwd", root .. "/../x", root .. "/..", base .. "/../../x", "/", root .. "-beside/x",
        root .. "/sub/../../x", root .. "/./../x"} do
        fails(DENIED, "read of " .. outside, fs.read(outside))
        fails(DENIED, "write of " .. outside, fs.write(outside, "x"))
        fails(DENIED, "append to " .. outside, fs.append(outside, "x"))
        fails(DENIED, "list of " .. outside, fs.list(outside))
        fails(DENIED, "stat of " .. outside, fs.stat(outside))
        fails(DENIED, "mkdir of " .. outside, fs.mkdir(outside))
        fails(DENIED, "remove of " .. outside, fs.remove(outside))
    end
    fails(DENIED, "read of ../../../../etc/passwd", fs.read("../../../../../../../../etc/passwd"))
    ok, err = fs.read(path("a\0b"))
    assert(ok == nil and err ~= nil, "a path with a zero byte must fail")

    -- arguments
    fails(errors.INVALID, "read of nothing", fs.read())
    fails(errors.INVALID, "write of no data", fs.write(path("x")))
    raises("read of a table", "bad argument", fs.read, {})
    raises("write of a table", "bad argument", fs.write, path("x"), {})
    fails(errors.NOT_FOUND, "what was refused was not written", fs.stat(path("x")))

    -- other processes see the same files; several work at once
    eq(good("app.test:reader", path("sub/a")), "a", "a child reads what we wrote")
    local done = channel.new()
    for i = 1, 20 do
        coroutine.spawn(function()
            assert(fs.write(path("n" .. i), tostring(i)))
            done:send(fs.read(path("n" .. i)) == tostring(i))
        end)
    end
    for i = 1, 20 do eq(recv(done, "writer " .. i), true, "what a coroutine wrote and read") end

    for _, name in ipairs{"sub/a", "sub/b", "sub/ünï c", "sub", "log", "deep/er/still", "deep/er", "deep"} do
        assert(fs.remove(path(name)))
    end
    for i = 1, 20 do assert(fs.remove(path("n" .. i))) end
    eq(fs.remove(base), true, "remove of the last directory, empty now")
end

return {main = main}

--- program app.test:reader
local fs = require("fs")
return {main = function(path) return fs.read(path) end}
