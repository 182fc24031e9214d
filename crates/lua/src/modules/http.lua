-- The module `http`: requests to other machines.

-- The value of an option that is a number from `least` to `most`.
function number_option(options, name, default, least, most)
  local value = options[name]
  if value == nil then return default end
  if math_type(value) ~= "integer" or value < least or value > most then
    return nil, error_make("Invalid", "option " .. name .. " must be an integer from " .. least .. " to " .. most)
  end
  return value
end

-- Names and values in turn; a list of values is that many headers of one name.
function header_list(headers)
  local list, count = {}, 0
  if headers == nil then return list end
  if type(headers) ~= "table" then
    return nil, error_make("Invalid", "option headers must be a table, got " .. typename(headers))
  end
  for name, values in next, headers do
    if type(values) ~= "table" then values = {values} end
    for i = 1, #values do
      local value = values[i]
      if type(name) ~= "string" or (type(value) ~= "string" and type(value) ~= "number") then
        return nil, error_make("Invalid", "headers must have strings as names and values")
      end
      list[count + 1], list[count + 2] = name, tostring(value)
      count = count + 2
    end
  end
  return list
end

function http__request(method, url, options)
  if method == nil then return nil, error_make("Invalid", "method is missing") end
  if type(method) ~= "string" then bad_argument(1, "string expected, got " .. typename(method)) end
  return send_request(string_upper(method), url, options, 2)
end

function http__get(url, options) return send_request("GET", url, options, 1) end
function http__head(url, options) return send_request("HEAD", url, options, 1) end
function http__post(url, options) return send_request("POST", url, options, 1) end
function http__put(url, options) return send_request("PUT", url, options, 1) end
function http__patch(url, options) return send_request("PATCH", url, options, 1) end
function http__delete(url, options) return send_request("DELETE", url, options, 1) end

function send_request(method, url, options, place)
  if url == nil then return nil, error_make("Invalid", "URL is missing") end
  if type(url) ~= "string" then bad_argument(place, "string expected, got " .. typename(url)) end
  if options == nil then options = {} end
  if type(options) ~= "table" then bad_argument(place + 1, "table expected, got " .. typename(options)) end
  for key in next, options do
    if key ~= "headers" and key ~= "body" and key ~= "timeout" and key ~= "body_max" and key ~= "redirects" then
      return nil, error_make("Invalid", "unknown option \"" .. tostring(key)
        .. "\": there are headers, body, timeout, body_max and redirects")
    end
  end
  local body = options.body
  if body ~= nil and type(body) ~= "string" then
    return nil, error_make("Invalid", "option body must be a string, got " .. typename(body))
  end
  local headers, body_max, redirects, nanoseconds, err
  headers, err = header_list(options.headers)
  if headers == nil then return nil, err end
  body_max, err = number_option(options, "body_max", 16777216, 0, 67108864)
  if body_max == nil then return nil, err end
  redirects, err = number_option(options, "redirects", 5, 0, 20)
  if redirects == nil then return nil, err end
  nanoseconds, err = duration(options.timeout == nil and "30s" or options.timeout, nil, "timeout")
  if nanoseconds == nil then return nil, err end
  if nanoseconds > 600000000000 then return nil, error_make("Invalid", "option timeout is at most 10 minutes") end
  local call
  call, err = http_start(method, url, headers, body, nanoseconds, body_max, redirects)
  if call == nil then return nil, err end
  -- The threads of the network look at the time only once they have come to it.
  local ok
  ok, err = expire(call, nanoseconds)
  if not ok then
    abandon(call)
    return nil, err
  end
  local response
  response, err = await(call)
  if response == nil then
    if error_field(err, 1) ~= "Timeout" then return nil, err end
    -- Whoever has noticed it does not know it all. What is after `?` may be secret.
    local place, limit = string_match(url, "^[^?#]*"), options.timeout
    if limit == nil then limit = "30s" elseif type(limit) ~= "string" then limit = nanoseconds .. " ns" end
    return nil, error_make("Timeout", string_sub(place, 1, 200) .. ": no complete answer within " .. limit, true)
  end
  response.headers = header_table(response.headers)
  return response
end

-- Headers by name; several of one name are joined by commas.
function header_table(list)
  local headers = {}
  for i = 1, #list, 2 do
    local name, known = list[i], headers[list[i]]
    headers[name] = known and known .. ", " .. list[i + 1] or list[i + 1]
  end
  return headers
end
