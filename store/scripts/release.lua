-- Forgets a claim while it is the pending one.
-- KEYS: meeting, pending claim. ARGV: claim ID.
local pending = redis.call('GET', KEYS[2])
local _, id = header(pending)
if id == ARGV[1] then
  pending = false
  redis.call('DEL', KEYS[2])
end
return {0, redis.call('GET', KEYS[1]), pending, 0}
