-- Returns how many jobs are not done, how many dead letters there are, and the age of the oldest job in milliseconds.
-- KEYS: stream, dead letters.
local age = 0
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
if oldest[1] then
  local now = redis.call('TIME')
  local born = tonumber(string.match(oldest[1][1], '^(%d+)'))
  age = math.max(0, tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000) - born)
end
return {redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[2]), age}
