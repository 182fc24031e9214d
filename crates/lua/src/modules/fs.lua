-- The module `fs`.

function run_fs(operation, path, data)
  if path == nil then return nil, error_make("Invalid", "path is missing") end
  local id, err = fs_start(operation, path, data)
  if id == nil then return nil, err end
  return await(id)
end

function fs__read(path) return run_fs("read", path) end
function fs__list(path) return run_fs("list", path) end
function fs__stat(path) return run_fs("stat", path) end
function fs__mkdir(path) return run_fs("mkdir", path) end
function fs__remove(path) return run_fs("remove", path) end
function fs__grants() return run_fs("list", "") end
function fs__write(path, data)
  if data == nil then return nil, error_make("Invalid", "data is missing") end
  return run_fs("write", path, data)
end
function fs__append(path, data)
  if data == nil then return nil, error_make("Invalid", "data is missing") end
  return run_fs("append", path, data)
end
