// The control interface of the emulator, and its live stream.

import { toast } from "./dom.js";

export async function call(method, path, body) {
  const response = await fetch(`/emulator/${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || `HTTP ${response.status}`);
  return answer;
}

// Acts and shows a refusal as a toast; gives undefined then.
export async function attempt(method, path, body) {
  try {
    return await call(method, path, body);
  } catch (error) {
    toast(error.message);
    return undefined;
  }
}

export function act(user, action, body = {}) {
  return attempt("POST", `users/${encodeURIComponent(user.openid)}/${action}?wait=0`, body);
}

// After every (re)connection `connected` runs, so that nothing is missed between two connections.
export function listen(connected, received, lost) {
  const source = new EventSource("/emulator/feed");
  source.onopen = connected;
  source.onerror = lost;
  source.onmessage = (event) => {
    const { topic, data } = JSON.parse(event.data);
    received(topic, data);
  };
}
