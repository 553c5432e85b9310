-- Frees the seat of an owner; nothing happens when the owner has none.
-- KEYS m f o p   ARGV owner
local entry = redis.call('HGET', KEYS[3], ARGV[1])
if not entry then return 0 end
local seat, patient = entry:match('^([^:]+):[^:]*:[^:]*:(.*)$')
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[2], 0, seat)
if patient ~= '' and redis.call('HGET', KEYS[4], patient) == ARGV[1] then redis.call('HDEL', KEYS[4], patient) end
return 1
