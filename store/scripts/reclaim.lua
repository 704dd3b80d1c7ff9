-- Hands over jobs that were idle for too long. Returns where to go on and {entry, times handed out, job ID, job} of each.
-- KEYS: stream. ARGV: group, consumer, milliseconds of idleness, where to start, how many at most.
local got = unless_no_group('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
if not got then return {'0-0', {}} end
local jobs = {}
for _, item in ipairs(got[2]) do
  local job = {item[1], 0, '', ''}
  local _, attempt = holder(KEYS[1], ARGV[1], item[1])
  job[2] = attempt or 1
  for i = 1, #item[2], 2 do
    if item[2][i] == 'id' then job[3] = item[2][i + 1] end
    if item[2][i] == 'job' then job[4] = item[2][i + 1] end
  end
  jobs[#jobs + 1] = job
end
return {got[1], jobs}
