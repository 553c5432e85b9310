-- Notes that a message is not taken up because too many people are here, and the place its account was told; or says
-- that it must be: this very message was taken up (busy), or its account has a right to a place (favoured).
-- KEYS state lock message unsent   ARGV id now(ms) ahead seconds again(1|0)
local found = known(KEYS[3], KEYS[4], ARGV[1], true)
if found then return found end
local owner = redis.call('GET', KEYS[2])
local ours = owner and string.sub(owner, -#ARGV[1] - 1) == ':' .. ARGV[1]
if ours or redis.call('HGET', KEYS[3], 's') == 'running' then return {'busy'} end
local now = tonumber(ARGV[2])
local state = redis.call('HMGET', KEYS[1], 't', 'h', 'w', 'b', 'bt', 'p')
local due, ahead, seconds
if state[3] then
  due, ahead, seconds = string.match(state[3], '(%d+) (%d+) (%d+)')
  due = tonumber(due)
  if now >= due + PLACE_KEPT then due = nil end
end
if ARGV[5] == '0' then
  if state[2] == '1' and now - state[1] < SEATED_KEPT then return {'favoured'} end
  if due and now >= due then return {'favoured'} end
end
local refused = over_rate(KEYS[1], KEYS[3], now, state[4], state[5], state[6])
if refused then return refused end
local first = not due or now >= due
if first then
  ahead, seconds = ARGV[3], ARGV[4]
  redis.call('HSET', KEYS[1], 'w', string.format('%.0f %s %s', now + seconds * 1000, ahead, seconds))
else
  local left = math.ceil((due - now) / 1000)
  ahead = math.ceil(ahead * left / seconds)
  seconds = math.min(left, seconds)
end
redis.call('HSET', KEYS[3], 's', 'crowded', 'q', string.format('%d %d', ahead, seconds))
redis.call('PEXPIRE', KEYS[3], REFUSAL_KEPT)
return {'crowded', tostring(ahead), tostring(seconds), first and 1 or 0}
