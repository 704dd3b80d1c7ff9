-- Looks at jobs that were idle for too long, and changes nothing about them. Returns where to go on, '-' for the beginning,
-- and {entry, job ID, job, attempts that have not ended} of each. Whoever is not to have a job leaves it as it is: its
-- idleness goes on.
-- KEYS: stream, tries. ARGV: group, milliseconds of idleness, where to start, how many to look at.
local held = unless_no_group('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[2], ARGV[3], '+', ARGV[4])
local jobs = {}
for _, item in ipairs(held or {}) do
  local found = redis.call('XRANGE', KEYS[1], item[1], item[1])
  if found[1] then
    local job = {item[1], '', '', tonumber(redis.call('HGET', KEYS[2], item[1]) or '0')}
    local fields = found[1][2]
    for i = 1, #fields, 2 do
      if fields[i] == 'id' then job[2] = fields[i + 1] end
      if fields[i] == 'job' then job[3] = fields[i + 1] end
    end
    jobs[#jobs + 1] = job
  else
    redis.call('XACK', KEYS[1], ARGV[1], item[1]) -- it was deleted by somebody who did not know of the group
  end
end
local next = '-'
if held and #held == tonumber(ARGV[4]) then
  local ms, seq = string.match(held[#held][1], '^(%d+)-(%d+)$')
  next = string.format('%s-%.0f', ms, tonumber(seq) + 1)
end
return {next, jobs}
