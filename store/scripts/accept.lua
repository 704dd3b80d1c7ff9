-- Stores a job and hands it to this consumer. Returns {1, entry}; {0} if the request was accepted before; {-1, first} if its
-- author waits for as many jobs as anybody may: first is 1 if that was not found for some time.
-- KEYS: stream, mark, the entries that the author waits for, that the author is told, and the mark of the request's other
-- name where it has one. ARGV: group, consumer, job ID, job, token of this call, seconds that the marks are kept, how many
-- entries one author may wait for (0: any number), seconds within which an author is told once.
if redis.call('EXISTS', KEYS[2]) == 1 then
  -- The client repeats a call whose answer was lost with the connection.
  local state, entry, token = read_mark(KEYS[2])
  if state == 'pending' and token == ARGV[5] then return {1, entry} end
  return {0}
end
if KEYS[5] and redis.call('EXISTS', KEYS[5]) == 1 then return {0} end
local most = tonumber(ARGV[7])
if most > 0 and redis.call('SCARD', KEYS[3]) >= most then
  -- What is done is found out only now, so that finishing a job needs to know nothing of its author.
  for _, entry in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    if not redis.call('XRANGE', KEYS[1], entry, entry)[1] then redis.call('SREM', KEYS[3], entry) end
  end
  if redis.call('SCARD', KEYS[3]) >= most then
    return {-1, redis.call('SET', KEYS[4], '1', 'NX', 'EX', ARGV[8]) and 1 or 0}
  end
end
local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[3], 'job', ARGV[4])
deliver(KEYS[1], ARGV[1], ARGV[2], entry)
write_mark(KEYS[2], 'pending', entry, ARGV[5], ARGV[6])
if most > 0 then
  redis.call('SADD', KEYS[3], entry)
  redis.call('EXPIRE', KEYS[3], ARGV[6])
end
if KEYS[5] then write_mark(KEYS[5], 'done', entry, '-', ARGV[6]) end
return {1, entry}
