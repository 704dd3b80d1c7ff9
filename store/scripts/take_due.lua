-- Puts off those of the named members that still have the time that was read. Returns them.
-- KEYS: what is due. ARGV: the new time, then a member and the time that was read of it, and so on.
local taken = {}
for i = 2, #ARGV, 2 do
  if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or '') == tonumber(ARGV[i + 1]) then
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[i])
    taken[#taken + 1] = ARGV[i]
  end
end
return taken
