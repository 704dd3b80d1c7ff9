-- Shared by the scripts on the job stream; it goes in front of each of them.
--
-- A job's mark is "<state> <entry> <note>": the state is pending, sending or done, the entry is the stream's name for the
-- job, and the note says who wrote it.

-- Calls Redis. Returns nil where the stream or its consumer group is not there.
local function unless_no_group(...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if string.find(answer.err, 'NOGROUP', 1, true) then return nil end
  error(answer.err)
end

local function read_mark(key)
  local mark = redis.call('GET', key)
  if not mark then return nil, nil, nil end
  return string.match(mark, '^(%S+) (%S+) (%S+)$')
end

local function write_mark(key, state, entry, note, seconds)
  redis.call('SET', key, state .. ' ' .. entry .. ' ' .. note, 'EX', seconds)
end

-- Returns whose an entry is and how often it was handed out; nil if it is nobody's.
local function holder(stream, group, entry)
  local held = unless_no_group('XPENDING', stream, group, entry, entry, 1)
  if not held or not held[1] then return nil, nil end
  return held[1][2], held[1][4]
end

-- Hands the newest entry to a consumer. Entries before it that nobody was ever handed (the group was lost) come along;
-- they wait to be taken over.
local function deliver(stream, group, consumer, entry)
  local read = {'XREADGROUP', 'GROUP', group, consumer, 'COUNT', 100, 'STREAMS', stream, '>'}
  while true do
    local got = unless_no_group(unpack(read))
    if got == nil then
      redis.call('XGROUP', 'CREATE', stream, group, '0')
      got = redis.call(unpack(read))
    end
    if not got then error('entry ' .. entry .. ' is not in the stream') end
    local entries = got[1][2]
    if entries[#entries][1] == entry then return end
  end
end

-- Takes an entry out of the queue and marks its request as answered. A mark that speaks of a later entry for the same
-- request is left alone.
local function finish(stream, group, entry, mark, seconds, tries)
  redis.call('XACK', stream, group, entry)
  redis.call('XDEL', stream, entry)
  redis.call('HDEL', tries, entry)
  local _, current = read_mark(mark)
  if not current or current == entry then write_mark(mark, 'done', entry, '-', seconds) end
end

