-- Gives a conversation a lasting link, unless it has one. Returns the token of the link that it has afterwards.
-- KEYS: link. ARGV: proposed token, token that it may replace or ''.
local token = redis.call('HGET', KEYS[1], 'token')
if token and (ARGV[2] == '' or token ~= ARGV[2]) then return token end
redis.call('HSET', KEYS[1], 'token', ARGV[1])
return ARGV[1]
