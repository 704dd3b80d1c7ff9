-- Forgets a member if it still has the time that it was put off to.
-- KEYS: what is due. ARGV: member, time.
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '') ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
