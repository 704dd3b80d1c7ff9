-- Replaces the record of a meeting that nobody changed since it was read.
-- KEYS: meeting, pending claim. ARGV: the record that was read, the one to take its place.
-- Returns as the other scripts do, and after that 1 if the record was replaced.
local meeting, changed = redis.call('GET', KEYS[1]), 0
if meeting == ARGV[1] then
  meeting, changed = ARGV[2], 1
  redis.call('SET', KEYS[1], meeting)
end
return {0, meeting, redis.call('GET', KEYS[2]), 0, 0, changed}
