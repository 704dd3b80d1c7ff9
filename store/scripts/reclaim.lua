-- Hands over those of the named jobs that are still idle, and counts an attempt at each that has not ended. Returns {entry,
-- times handed out, age in milliseconds} of each.
-- KEYS: stream, tries. ARGV: group, consumer, milliseconds of idleness, seconds that the count is kept, entries.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local jobs = {}
for i = 5, #ARGV do
  local entry = ARGV[i]
  local got = unless_no_group('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], entry)
  if got and got[1] then
    local _, attempt = holder(KEYS[1], ARGV[1], entry)
    redis.call('HINCRBY', KEYS[2], entry, 1)
    redis.call('EXPIRE', KEYS[2], ARGV[4])
    jobs[#jobs + 1] = {entry, attempt or 1, math.max(0, now - tonumber(string.match(entry, '^(%d+)')))}
  end
end
return jobs
