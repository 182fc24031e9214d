-- Counts the words of a directory of texts, with a worker process per core and more on demand.
--
--   procession run examples/wordcount/main.lua -- examples/wordcount/texts
--
-- This process hands out file names, collects counts, and watches its workers: one that dies is
-- replaced, its file tried once more, and after a second death reported instead of counted.

local ctx = require("ctx")
local fs = require("fs")
local texts = require("texts")

local HOST = "app:processes"
local FILES_PER_WORKER = 8
local WORKERS_MAX = 16
local ATTEMPTS_MAX = 2
local COMMONEST = 20

-- What the coordinator knows. `tasks[pid]` is the file a worker has, or false when it waits for one.
local state = {
  directory = nil, in_memory = false,
  queue = {}, attempts = {}, tasks = {}, idle = {},
  words = {}, skipped = {}, instructions = {},
  open = 0, workers = 0, spawned = 0, restarts = 0, messages = 0, bytes = 0,
}

local function text_names(directory)
  local names = {}
  for _, name in ipairs(fs.list(directory) or {}) do
    if name:match("%.txt$") then names[#names + 1] = name end
  end
  return names
end

-- Makes texts in the directory; false and the reason when that is not allowed.
local function write_texts(directory)
  local _, err = fs.mkdir(directory)
  for _, name in ipairs(texts.names()) do
    if err then return false, err end
    _, err = fs.write(directory .. "/" .. name, texts.generate(name))
  end
  return err == nil, err
end

-- The names of the texts to count. When there are none, they are made: as files where the program
-- may write, in the workers' memory where it may not.
local function find_texts(directory)
  local names = text_names(directory)
  if #names > 0 then return names end
  if write_texts(directory) then
    print("wrote generated texts to " .. directory)
    return text_names(directory)
  end
  state.in_memory = true
  print("no texts in " .. directory .. ": counting generated ones, held in memory")
  print("(to have them as files: --grant fs:" .. directory .. ":rw)")
  return texts.names()
end

local function send(pid, topic, value)
  local ok, err = process.send(pid, topic, value)
  if not ok then error("send to " .. pid .. ": " .. tostring(err)) end
  state.messages = state.messages + 1
end

local function start_worker()
  local directory = not state.in_memory and state.directory or nil
  local pid, err = process.spawn_monitored("app:worker", HOST, process.pid(), directory)
  if not pid then error("spawn: " .. tostring(err)) end
  state.tasks[pid] = false
  state.workers = state.workers + 1
  state.spawned = state.spawned + 1
end

-- Gives waiting workers the files that wait; one worker more when too many files wait for each.
local function hand_out()
  while #state.idle > 0 and #state.queue > 0 do
    local pid = table.remove(state.idle)
    local name = table.remove(state.queue, 1)
    state.tasks[pid] = name
    send(pid, "count", name)
  end
  if #state.queue > FILES_PER_WORKER * state.workers and state.workers < WORKERS_MAX then
    start_worker()
  end
end

local on_message = {}

function on_message.ready(pid)
  table.insert(state.idle, pid)
end

function on_message.counted(pid, report)
  for word, count in pairs(report.words) do
    state.words[word] = (state.words[word] or 0) + count
  end
  state.bytes = state.bytes + report.bytes
  state.instructions[pid] = report.instructions
  state.tasks[pid] = false
  state.open = state.open - 1
  table.insert(state.idle, pid)
end

-- A worker ended before it was told to: its file is tried again, or given up, and the worker replaced.
local function on_exit(event)
  local pid, name = event.from, state.tasks[event.from]
  local reason = tostring(event.result.error)
  state.tasks[pid] = nil
  state.workers = state.workers - 1
  if not name then error("worker " .. pid .. " ended without a file: " .. reason) end
  state.attempts[name] = (state.attempts[name] or 0) + 1
  if state.attempts[name] < ATTEMPTS_MAX then
    print("worker " .. pid .. " died of " .. name .. ": " .. reason .. "; one more try")
    table.insert(state.queue, 1, name)
  else
    state.skipped[#state.skipped + 1] = name .. ": " .. reason
    state.open = state.open - 1
  end
  state.restarts = state.restarts + 1
  start_worker()
end

local function collect()
  local inbox, events = process.inbox(), process.events()
  while state.open > 0 do
    local ready = channel.select{ inbox:case_receive(), events:case_receive() }
    if ready.channel == inbox then
      local message = ready.value
      state.messages = state.messages + 1
      on_message[message:topic()](message:from(), message:payload())
    elseif ready.value.kind == process.event.EXIT then
      on_exit(ready.value)
    else
      return false
    end
    hand_out()
  end
  return true
end

local function stop_workers()
  for pid in pairs(state.tasks) do
    process.unmonitor(pid)
    send(pid, "stop")
  end
end

local function report()
  local ranking = {}
  for word, count in pairs(state.words) do ranking[#ranking + 1] = { word = word, count = count } end
  table.sort(ranking, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.word < b.word
  end)
  local total = 0
  for _, entry in ipairs(ranking) do total = total + entry.count end
  for rank = 1, math.min(COMMONEST, #ranking) do
    print(string.format("%3d  %-16s %8d", rank, ranking[rank].word, ranking[rank].count))
  end
  local instructions = process.usage().instructions
  for _, count in pairs(state.instructions) do instructions = instructions + count end
  print(string.format("%d words, %d different, in %.1f MB", total, #ranking, state.bytes / 1e6))
  for _, text in ipairs(state.skipped) do print("skipped after two tries: " .. text) end
  print(string.format("processes %d   messages %d   restarts %d   instructions %d",
    state.spawned + 1, state.messages, state.restarts, instructions))
end

local function main(directory)
  if not directory then
    return nil, "no directory given: procession run main.lua -- DIRECTORY"
  end
  state.directory = directory
  state.queue = find_texts(directory)
  state.open = #state.queue
  local cores = ctx.get("cores") or 2
  for _ = 1, cores do start_worker() end
  print(string.format("%d texts, %d workers to begin with", state.open, cores))
  if not collect() then return nil, "cancelled" end
  stop_workers()
  report()
end

return { main = main }
