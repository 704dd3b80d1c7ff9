-- Notes that an attempt has ended without an answer. If asked to, the job is made idle at once, so that the next look of any
-- replica finds it.
-- KEYS: stream, tries. ARGV: group, consumer, entry, attempt, '1' if a takeover began the attempt, consumer to park the job
-- with, milliseconds of idleness to begin with; 0 to leave the job as it is.
if ARGV[5] == '1' and redis.call('HINCRBY', KEYS[2], ARGV[3], -1) <= 0 then redis.call('HDEL', KEYS[2], ARGV[3]) end
if ARGV[7] == '0' then return 0 end
local consumer, attempt = holder(KEYS[1], ARGV[1], ARGV[3])
if consumer ~= ARGV[2] or attempt ~= tonumber(ARGV[4]) then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[6], 0, ARGV[3], 'IDLE', ARGV[7], 'RETRYCOUNT', attempt, 'JUSTID')
return 1
