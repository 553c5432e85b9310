-- What is known of the message, else the account's lock with its chat.
-- KEYS state lock message unsent
-- ARGV id token now(ms) claims(1|0) counts(1|0)
local found = known(KEYS[3], KEYS[4], ARGV[1], ARGV[4] == '1')
if found then return found end
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[2] then return {'busy'} end
local now = tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'c', 't', 'b', 'bt', 'p')
if ARGV[5] == '1' and not owner then
  local burst = BURST
  local tokens = burst
  if state[3] then
    tokens = math.min(burst, state[3] + math.max(0, now - state[4]) * PER_SECOND / 1000)
  end
  local refused = tokens < 1
  local told = state[5] == '1' and tokens < FORGIVEN
  redis.call('HSET', KEYS[1], 'b', tostring(refused and tokens or tokens - 1), 'bt', ARGV[3],
             'p', (refused or told) and '1' or '0')
  redis.call('PEXPIRE', KEYS[1], CHAT_KEPT)
  if refused then
    redis.call('HSET', KEYS[3], 's', told and 'silent' or 'polite')
    redis.call('PEXPIRE', KEYS[3], REFUSAL_KEPT)
    return {told and 'silenced' or 'limited'}
  end
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', LOCK_KEPT)
local chat = ''
if state[1] and now - tonumber(state[2]) < CHAT_KEPT then chat = state[1] end
return {'turn', chat, unpack(redis.call('HGETALL', KEYS[4]))}
