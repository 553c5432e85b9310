-- The seat given to this owner is another's in SQL: it stays taken, under a name that no request has.
-- KEYS m f o p   ARGV owner
local entry = redis.call('HGET', KEYS[3], ARGV[1])
if not entry then return 0 end
local seat, seq, since, patient = entry:match('^([^:]+):([^:]*):([^:]*):(.*)$')
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HSET', KEYS[3], '?' .. seat, seat .. ':' .. seq .. ':' .. since .. ':')
if patient ~= '' and redis.call('HGET', KEYS[4], patient) == ARGV[1] then redis.call('HDEL', KEYS[4], patient) end
return 1
