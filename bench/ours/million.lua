-- Many processes alive at once, each with a state of its own; every one is sent a message and answers.
-- Whoever runs this reads the resident memory of the node at each line of one word.
local bench = require("bench")
local time = require("time")

-- As many answers as fit into the mailbox.
local PORTION = 2000

local function ask_all(pids)
  local inbox = process.inbox()
  local sum, asked = 0, 0
  for first = 1, #pids, PORTION do
    local last = math.min(first + PORTION - 1, #pids)
    for i = first, last do bench.send(pids[i], "ask", true) end
    for _ = first, last do
      local answer = inbox:receive():payload()
      sum, asked = sum + answer.number, asked + answer.asked
    end
  end
  return sum, asked
end

return { main = function(n, rest)
  n = math.tointeger(tonumber(n))
  print("before")
  time.sleep("500ms")
  local pids = table.create(n)
  local created = bench.time(function()
    for i = 1, n do pids[i] = bench.spawn("app:member", i) end
  end)
  time.sleep(rest)
  print("alive")
  for round = 1, 2 do
    local sum, asked
    local taken = bench.time(function() sum, asked = ask_all(pids) end)
    if sum ~= n * (n + 1) // 2 or asked ~= n * round then error("an answer is missing or wrong") end
    -- A message and its answer each.
    bench.report("million", "messages_per_s_" .. round, { 2 * n / taken * 1e9 }, "/s")
  end
  bench.report("million", "create_ns", { created / n }, "ns")
  print("answered")
  time.sleep(rest)
  print("resting")
  time.sleep("10s")
end }
