-- Gives way to another name of the same conversation, unless this one has something: then the other one must not begin.
-- KEYS 7: the name that was given way to. ARGV: thread, that name as it is recorded, milliseconds that it is kept.
local channel, meeting, pending = resolve(ARGV[1])
if channel == 0 and not meeting and not pending then
  redis.call('SET', KEYS[7], ARGV[2], 'PX', ARGV[3])
end
return {channel, meeting, pending, 0}
