-- The module `json`.

function json__encode(value)
  local text, err = json_encode(value)
  if text == nil then return nil, error_make("Invalid", err) end
  return text
end
function json__decode(text)
  if text == nil then return nil, error_make("Invalid", "text is missing") end
  text = text_of(text, 1)
  local ok, value = json_decode(text)
  if not ok then return nil, error_make("Invalid", value) end
  return value
end
