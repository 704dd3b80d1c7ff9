-- Remembers that threads under a root message belong to the channel, and forgets the oldest roots where there are too many.
-- KEYS: roots. ARGV: root, how many are kept, seconds that they are kept after the last one.
--
-- The set is that of the release before, which adds to it and never shortens it. A root's name tells its age: both platforms
-- name messages by the time. A set has no order, so the oldest of a sample go, not many at a time.
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local over = redis.call('SCARD', KEYS[1]) - tonumber(ARGV[2])
if over <= 0 then return 0 end
local some = redis.call('SPOP', KEYS[1], 100)
table.sort(some, function(a, b) return (tonumber(a) or 0) < (tonumber(b) or 0) end)
local gone = 0
for _, root in ipairs(some) do
  if gone < over and gone < 50 and root ~= ARGV[1] then
    gone = gone + 1
  else
    redis.call('SADD', KEYS[1], root)
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[3]) -- the set may have been empty in between
return gone
