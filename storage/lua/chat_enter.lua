-- What is known of the message, else the account's lock with its chat.
-- KEYS state lock message unsent
-- ARGV id token now(ms) claims(1|0) counts(1|0)
local found = known(KEYS[3], KEYS[4], ARGV[1], ARGV[4] == '1')
if found then return found end
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[2] then return {'busy'} end
local now = tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'c', 't', 'b', 'bt', 'p', 'w', 'u')
if ARGV[5] == '1' and not owner then
  local refused = over_rate(KEYS[1], KEYS[3], now, state[3], state[4], state[5])
  if refused then return refused end
end
if state[6] then redis.call('HDEL', KEYS[1], 'w') end
redis.call('SET', KEYS[2], ARGV[2], 'PX', LOCK_KEPT)
-- Whose turn was entered and not left: whoever took it may have told the account what was never saved.
local unsure = state[7] and state[7] ~= ARGV[1]
if not state[7] then
  redis.call('HSET', KEYS[1], 'u', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], CHAT_KEPT)
end
local chat = ''
if state[1] and now - tonumber(state[2]) < CHAT_KEPT then chat = state[1] end
-- When the message's first turn began, and whose it was: this script may run twice for one turn.
if redis.call('HSETNX', KEYS[3], 'f', ARGV[3] .. ' ' .. ARGV[2]) == 1 and redis.call('PTTL', KEYS[3]) < 0 then
  redis.call('PEXPIRE', KEYS[3], ANSWER_KEPT)
end
local begun, whose = string.match(redis.call('HGET', KEYS[3], 'f'), '^(%d+) (.*)$')
return {'turn', chat, whose == ARGV[2] and '' or begun, unsure and 1 or 0, tonumber(state[2] or 0), unpack(redis.call('HGETALL', KEYS[4]))}
