-- Keeps the lock of a turn that still runs, and its lease on a message that is late.
-- KEYS lock message   ARGV token lease_until(ms)
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], LOCK_KEPT) end
if redis.call('HGET', KEYS[2], 's') ~= 'running' then return 0 end
redis.call('HSET', KEYS[2], 'l', ARGV[2])
return 1
