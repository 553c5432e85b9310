-- Keeps a message whose answer is not ready in time, so that the answer can follow; or tells what is known of it.
-- KEYS message unsent   ARGV id incoming lease_until(ms)
local found = known(KEYS[1], KEYS[2], ARGV[1], true)
if found then return found end
redis.call('HSET', KEYS[1], 's', 'running', 'i', ARGV[2], 'l', ARGV[3])
redis.call('PEXPIRE', KEYS[1], LATE_KEPT)
return {'postponed'}
