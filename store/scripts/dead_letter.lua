-- Moves a job to the dead letters. Returns 0 if there was nothing to move (any more), -1 if it is another replica's.
-- KEYS: stream, mark, dead letters, tries. ARGV: group, consumer, entry, job ID, job without its secrets, reason, seconds that
-- the mark is kept, how many dead letters are kept.
local consumer = holder(KEYS[1], ARGV[1], ARGV[3])
if not consumer then return 0 end
if consumer ~= ARGV[2] then return -1 end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[8], '*', 'id', ARGV[4], 'job', ARGV[5], 'reason', ARGV[6])
finish(KEYS[1], ARGV[1], ARGV[3], KEYS[2], ARGV[7], KEYS[4])
return 1
