-- Replaces all that is known of a session, unless this generation or a newer one is there already.
-- KEYS m f o p   ARGV gen state opens(ms) expires(ms) free-count seat... (owner entry patient)...
local known = redis.call('HGET', KEYS[1], 'gen')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[1], 'gen', ARGV[1], 'state', ARGV[2], 'opens', ARGV[3], 'seq', 0)
local free = tonumber(ARGV[5])
for i = 6, 5 + free do redis.call('ZADD', KEYS[2], 0, ARGV[i]) end
for i = 6 + free, #ARGV, 3 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  if ARGV[i + 2] ~= '' then redis.call('HSET', KEYS[4], ARGV[i + 2], ARGV[i]) end
end
-- Never less than a day from now by Redis' own clock: were it ahead of ours, pools would go as soon as they are made.
local at_least = redis.call('TIME')[1] * 1000 + 86400000
local expires = string.format('%.0f', math.max(tonumber(ARGV[4]), at_least))
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, expires) end
return 1
