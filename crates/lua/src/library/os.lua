-- `os.time` and `os.date` with tables.

-- A field of a date; `delta` is what C takes off from it.
function date_field(t, key, default, delta)
  local value = t[key]
  local number = value
  if math_type(value) ~= "integer" then
    if value ~= nil then number = math_tointeger(value) end
    if number == nil then
      if value ~= nil then fail("field '" .. key .. "' is not an integer") end
      if default == nil then fail("field '" .. key .. "' missing in date table") end
      return default
    end
  end
  local fits
  if number >= 0 then fits = number - delta <= 0x7FFFFFFF else fits = delta - 0x80000000 <= number end
  if not fits then fail("field '" .. key .. "' is out-of-bound") end
  return number
end

function set_date(t, year, month, day, hour, minute, second, of_year, of_week)
  -- One by one: a table's `__newindex` sees PUC's order.
  t.year = year
  t.month = month
  t.day = day
  t.hour = hour
  t.min = minute
  t.sec = second
  t.yday = of_year
  t.wday = of_week
  t.isdst = false
end

function os__time(t)
  if t == nil then return os_now() end
  if type(t) ~= "table" then bad_argument(1, "table expected, got " .. typename(t)) end
  local year, month = date_field(t, "year", nil, 1900), date_field(t, "month", nil, 1)
  local day, hour = date_field(t, "day", nil, 0), date_field(t, "hour", 12, 0)
  local minute, second = date_field(t, "min", 0, 0), date_field(t, "sec", 0, 0)
  -- There is no summer time: who says so means an hour before.
  if t.isdst then hour = hour - 1 end
  local seconds = os_seconds(year, month, day, hour, minute, second)
  if seconds ~= nil then set_date(t, os_calendar(seconds)) end
  if seconds == nil or seconds == -1 then
    fail("time result cannot be represented in this installation")
  end
  return seconds
end

-- `os.date("*t")`.
function general_os_date(seconds)
  local t = {}
  set_date(t, os_calendar(seconds))
  return t
end
