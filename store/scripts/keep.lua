-- Makes the idleness of a job begin anew. Returns 0 if it is done, or was handed out again since.
-- KEYS: stream. ARGV: group, consumer, entry, attempt.
local consumer, attempt = holder(KEYS[1], ARGV[1], ARGV[3])
if consumer ~= ARGV[2] or attempt ~= tonumber(ARGV[4]) then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'RETRYCOUNT', ARGV[4], 'JUSTID')
return 1
