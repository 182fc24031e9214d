-- `coroutine.close` of a coroutine with variables to be closed.
function general_coroutine_close(co)
  local err, pending, failed = bury(co)
  for i = 1, #pending do
    local value = pending[i]
    local close = metamethod(value, "__close")
    local ok, raised = pcall(close, value, err)
    if not ok then failed, err = true, raised end
  end
  if failed then return false, err end
  return true
end
