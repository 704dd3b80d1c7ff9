-- Remembers or forgets a posted card. An entry is "<version> <length of the reference> <reference><the rest>".
-- KEYS: cards, the newest first. ARGV: the entry up to its rest, the entry or '' to forget the card, how many are kept,
-- seconds that they are kept after the last one.
local entries = redis.call('LRANGE', KEYS[1], 0, -1)
for i, entry in ipairs(entries) do
  if string.sub(entry, 1, #ARGV[1]) == ARGV[1] then
    if ARGV[2] == '' then return redis.call('LREM', KEYS[1], 1, entry) end
    redis.call('LSET', KEYS[1], i - 1, ARGV[2])
    return redis.call('EXPIRE', KEYS[1], ARGV[4])
  end
end
if ARGV[2] == '' then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[2])
redis.call('LTRIM', KEYS[1], 0, ARGV[3] - 1)
return redis.call('EXPIRE', KEYS[1], ARGV[4])
