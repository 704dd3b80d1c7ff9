-- Holds an upstream or one of its parts, never for shorter than it is held already. Once several parts were held in a
-- short time, the whole upstream is.
-- KEYS: hold of the upstream, hold of the part, the parts that were held lately. ARGV: milliseconds, part or '',
-- milliseconds that "lately" means, how many parts are several.
local function hold(key)
  if redis.call('PTTL', key) < tonumber(ARGV[1]) then redis.call('SET', key, '1', 'PX', ARGV[1]) end
end

if ARGV[2] == '' then
  hold(KEYS[1])
  return 1
end
hold(KEYS[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
redis.call('ZADD', KEYS[3], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[3], ARGV[3])
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then hold(KEYS[1]) end
return 1
