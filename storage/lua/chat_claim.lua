-- The right to send a late answer as a customer-service message; one caller gets it.
-- KEYS message   ARGV token lease_until(ms)
local m = redis.call('HMGET', KEYS[1], 's', 'k')
if m[1] == 'sending' and m[2] == ARGV[1] then return 1 end
if m[1] ~= 'ready' then return 0 end
redis.call('HSET', KEYS[1], 's', 'sending', 'k', ARGV[1], 'l', ARGV[2])
return 1
