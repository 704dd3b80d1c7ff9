-- Stores a job and hands it to this consumer. Returns the entry; nil if the request was accepted before.
-- KEYS: stream, mark, and the mark of the request's other name where it has one. ARGV: group, consumer, job ID, job, token
-- of this call, seconds that the marks are kept.
if redis.call('EXISTS', KEYS[2]) == 1 then
  -- The client repeats a call whose answer was lost with the connection.
  local state, entry, token = read_mark(KEYS[2])
  if state == 'pending' and token == ARGV[5] then return entry end
  return false
end
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then return false end
local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[3], 'job', ARGV[4])
deliver(KEYS[1], ARGV[1], ARGV[2], entry)
write_mark(KEYS[2], 'pending', entry, ARGV[5], ARGV[6])
if KEYS[3] then write_mark(KEYS[3], 'done', entry, '-', ARGV[6]) end
return entry
