-- Counts a new meeting against its asker's and the workspace's limits, once for each claim. Returns 0, or the milliseconds
-- after which to try again if a limit is reached; then nothing is counted.
-- KEYS: the asker's meetings, the workspace's. ARGV: claim ID, window in milliseconds, limit of the asker, of the workspace;
-- 0 for none.
local clock = redis.call('TIME')
local now, window = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000), tonumber(ARGV[2])
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end

local wait = 0
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local limit = tonumber(ARGV[2 + i])
  if limit > 0 and redis.call('ZCARD', key) >= limit then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    wait = math.max(wait, tonumber(oldest[2]) + window - now, 1)
  end
end
if wait > 0 then return wait end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('PEXPIRE', key, window)
end
return 0
