-- Records how the sending of a late answer ended.
-- KEYS message unsent   ARGV id token sent(1|0)
local m = redis.call('HMGET', KEYS[1], 's', 'k')
if m[1] ~= 'sending' or m[2] ~= ARGV[2] then return 0 end
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[1], 's', 'sent')
  redis.call('HDEL', KEYS[1], 'a', 'i')
else
  keep_unsent(KEYS[1], KEYS[2], ARGV[1])
end
return 1
