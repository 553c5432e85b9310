-- Saves chat and answer together and gives the lock back; nothing when the lock was lost.
-- KEYS state lock message unsent, then the message of each carried answer
-- ARGV id token now(ms) chat(ms) answer(ms) kept(ms) forget(1|0) chat answer, then the id of each carried answer
local m = redis.call('HMGET', KEYS[3], 's', 'o')
if m[2] == ARGV[2] then return m[1] and 'late' or 'saved' end
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 'lost' end
if ARGV[8] == '' then
  redis.call('HDEL', KEYS[1], 'c', 't')
else
  redis.call('HSET', KEYS[1], 'c', ARGV[8], 't', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
redis.call('HSET', KEYS[3], 'a', ARGV[9], 'o', ARGV[2])
local late = m[1] == 'running'
if late then redis.call('HSET', KEYS[3], 's', 'ready') end
redis.call('PEXPIRE', KEYS[3], late and ARGV[6] or ARGV[5])
for i = 10, #ARGV do
  redis.call('HDEL', KEYS[4], ARGV[i])
  if redis.call('EXISTS', KEYS[i - 5]) == 1 then redis.call('HSET', KEYS[i - 5], 's', 'passive') end
end
if ARGV[7] == '1' then redis.call('DEL', KEYS[4]) end
redis.call('DEL', KEYS[2])
return late and 'late' or 'saved'
