-- Takes a late message over from an owner that has not been heard of.
-- KEYS message unsent   ARGV id now(ms) lease_until(ms)
local m = redis.call('HMGET', KEYS[1], 's', 'l', 'i', 'n')
local state = m[1]
if state ~= 'running' and state ~= 'ready' and state ~= 'sending' then return {'gone'} end
if tonumber(m[2]) > tonumber(ARGV[2]) then return {'alive', m[2]} end
if state == 'sending' then
  -- It may have arrived, so it is not sent again, but shown with the next answer.
  keep_unsent(KEYS[1], KEYS[2], ARGV[1])
  return {'gone'}
end
if tonumber(m[4] or '0') >= TRIES then
  redis.call('DEL', KEYS[1])
  return {'spent'}
end
redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('HSET', KEYS[1], 'l', ARGV[3])
return {state, m[3], redis.call('HGET', KEYS[1], 'a') or ''}
