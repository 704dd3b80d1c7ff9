-- Makes a dead letter a fresh job for the next replica that reclaims jobs. Returns nil if it is not there (any more).
-- KEYS: stream, mark, dead letters. ARGV: group, consumer to park it with, dead letter, job ID, job, seconds that the mark
-- is kept, milliseconds of idleness to begin with.
if redis.call('XDEL', KEYS[3], ARGV[3]) == 0 then return false end
local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[4], 'job', ARGV[5])
deliver(KEYS[1], ARGV[1], ARGV[2], entry)
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry, 'IDLE', ARGV[7], 'RETRYCOUNT', 0, 'JUSTID')
write_mark(KEYS[2], 'pending', entry, '-', ARGV[6])
return entry
