-- Stores a job and hands it to this consumer. Returns the entry; nil if the request was accepted before.
-- KEYS: stream, mark. ARGV: group, consumer, job ID, job, token of this call, seconds that the mark is kept.
if redis.call('EXISTS', KEYS[2]) == 1 then
  -- The client repeats a call whose answer was lost with the connection.
  local state, entry, token = read_mark(KEYS[2])
  if state == 'pending' and token == ARGV[5] then return entry end
  return false
end
local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[3], 'job', ARGV[4])
deliver(KEYS[1], ARGV[1], ARGV[2], entry)
write_mark(KEYS[2], 'pending', entry, ARGV[5], ARGV[6])
return entry
