-- Remembers, or forgets, whom a job invites to a meeting, and returns what is remembered of all jobs. Members are "<version>
-- <job> <attendees>", their scores the second in which they were remembered.
-- KEYS: invitations. ARGV: the member up to its attendees, the member or '' to forget it, how many are kept, seconds that
-- they are kept.
local now, kept = tonumber(redis.call('TIME')[1]), {}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[4]))
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(member, 1, #ARGV[1]) ~= ARGV[1] then
    kept[#kept + 1] = member
  elseif member ~= ARGV[2] then
    redis.call('ZREM', KEYS[1], member)
  end
end
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[2])
  kept[#kept + 1] = ARGV[2]
end
while #kept > tonumber(ARGV[3]) do redis.call('ZREM', KEYS[1], table.remove(kept, 1)) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return kept
