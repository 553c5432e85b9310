-- What is already known of a message; put before the scripts that ask. `claims` is true when a request of WeChat's
-- is open that can carry the answer: then the right to deliver an answer that waits for a sender passes to it.
local function known(message, unsent, id, claims)
  local m = redis.call('HMGET', message, 's', 'a')
  local state, answer = m[1], m[2]
  if state == 'polite' then return {'limited'} end
  if state == 'silent' then return {'silenced'} end
  if state == 'crowded' then
    local ahead, seconds = string.match(redis.call('HGET', message, 'q'), '(%d+) (%d+)')
    return {'crowded', ahead, seconds, 0}
  end
  if state == 'sending' or state == 'sent' then return {'handed'} end
  if not answer then return nil end
  if claims and (state == 'ready' or state == 'unsent') then
    redis.call('HSET', message, 's', 'passive')
    redis.call('HDEL', unsent, id)
  end
  return {'answer', answer}
end

local function keep_unsent(message, unsent, id)
  local answer = redis.call('HGET', message, 'a')
  redis.call('HSET', message, 's', 'unsent')
  redis.call('HDEL', message, 'i')
  if answer then
    redis.call('HSET', unsent, id, answer)
    redis.call('PEXPIRE', unsent, LATE_KEPT)
  end
end
