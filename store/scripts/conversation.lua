-- Shared by the scripts on conversations; it goes in front of each of them.
--
-- KEYS 1 and 2 are the meeting and the pending claim of the conversation asked about, 3 and 4 those of its channel (for
-- a channel the same again), 5 the root messages whose threads belong to the channel, 6 the shown mark of the conversation
-- asked about: a card shown in a thread was not seen in the channel. A meeting or a pending claim is
-- "<generation> <claim ID> <payload>".

-- Returns generation and claim ID; nothing if the value does not tell them.
local function header(value)
  if not value then return nil, nil end
  local generation, id = string.match(value, '^([1-9]%d*) (%S+) ')
  if not id or tonumber(generation) > 2147483647 then return nil, nil end
  return tonumber(generation), id
end

-- Finds out which conversation is meant. Returns 1 if it is the channel of the thread asked about, else 0, and that
-- conversation's meeting and pending claim, false where there is none. A thread that has something of its own keeps it.
local function resolve(thread)
  local meeting, pending = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
  if thread ~= '' and not meeting and not pending and redis.call('SISMEMBER', KEYS[5], thread) == 1 then
    return 1, redis.call('GET', KEYS[3]), redis.call('GET', KEYS[4])
  end
  return 0, meeting, pending
end

