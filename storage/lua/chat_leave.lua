-- Saves chat and answer together and gives the lock back; nothing when the lock was lost.
-- KEYS state lock message unsent, then the message of each carried answer
-- ARGV id token now(ms) forget(1|0) chat answer seated(1|0) unsure(1|0), then the id of each carried answer
local m = redis.call('HMGET', KEYS[3], 's', 'o')
if m[2] == ARGV[2] then return m[1] and 'late' or 'saved' end
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 'lost' end
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[1], 'c', 'h')
  redis.call('HSET', KEYS[1], 't', ARGV[3])
else
  redis.call('HSET', KEYS[1], 'c', ARGV[5], 't', ARGV[3], 'h', ARGV[7])
end
-- Who was told nothing knows no more than before of what is asked.
if ARGV[8] == '1' then redis.call('HSET', KEYS[1], 'u', '-') else redis.call('HDEL', KEYS[1], 'u') end
redis.call('PEXPIRE', KEYS[1], CHAT_KEPT)
redis.call('HSET', KEYS[3], 'a', ARGV[6], 'o', ARGV[2])
local late = m[1] == 'running'
if late then redis.call('HSET', KEYS[3], 's', 'ready') end
redis.call('PEXPIRE', KEYS[3], late and LATE_KEPT or ANSWER_KEPT)
for i = 9, #ARGV do
  redis.call('HDEL', KEYS[4], ARGV[i])
  if redis.call('EXISTS', KEYS[i - 4]) == 1 then redis.call('HSET', KEYS[i - 4], 's', 'passive') end
end
if ARGV[4] == '1' then redis.call('DEL', KEYS[4]) end
redis.call('DEL', KEYS[2])
return late and 'late' or 'saved'
