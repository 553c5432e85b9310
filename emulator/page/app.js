// The page: telephones on the left, faults and traffic on the right, everything kept current by one stream.

import { avatar, h, toast } from "./dom.js";
import { attempt, call, listen } from "./net.js";
import { Panel } from "./panel.js";
import { Phone } from "./phone.js";

const SHOWN_AT_FIRST = 2;
const KEPT_LINES = 600;

const state = { account: null, users: new Map(), messages: new Map(), shown: new Set(), shift: 0 };
const phones = new Map();
const people = document.getElementById("people");
const stage = document.getElementById("phones");
const wired = document.getElementById("wired");
const narrow = window.matchMedia("(max-width: 760px)");
let panel = null;

function drawPeople() {
  const chips = [...state.users.values()].slice(0, 50).map((user) => h(
    "button",
    { type: "button", class: "chip", "aria-pressed": String(state.shown.has(user.openid)), onclick: () => toggle(user) },
    avatar(user.name, user.openid, "tiny"), user.name,
  ));
  people.replaceChildren(...chips, h("button", { type: "button", class: "chip add", onclick: addUser, "aria-label": "添加用户" }, "＋ 添加用户"));
}

function toggle(user) {
  if (narrow.matches) state.shown = new Set([user.openid]);
  else if (!state.shown.delete(user.openid)) state.shown.add(user.openid);
  drawPhones();
}

async function addUser() {
  const name = window.prompt("新用户的名字");
  if (!name?.trim()) return;
  const user = await attempt("POST", "users", { name: name.trim() });
  if (!user) return;
  if (narrow.matches) state.shown.clear();
  state.shown.add(user.openid);
  takeUser(user);
}

function drawPhones() {
  for (const [openid, phone] of phones) {
    if (!state.shown.has(openid)) {
      phone.element.remove();
      phones.delete(openid);
    }
  }
  for (const [openid, user] of state.users) {
    if (state.shown.has(openid) && !phones.has(openid)) open(user);
  }
  drawPeople();
  panel?.accountChanged(state.account);
  stage.classList.toggle("empty", phones.size === 0);
}

function open(user) {
  const phone = new Phone(user, state.account, () => state.account.qrcodes);
  phones.set(user.openid, phone);
  phone.update(user);
  phone.tick(now());
  stage.append(phone.element);
  for (const message of state.messages.get(user.openid) || []) phone.add(message);
  phone.toEnd();
}

function now() {
  return Date.now() / 1000 + state.shift;
}

function takeUser(user) {
  state.users.set(user.openid, user);
  phones.get(user.openid)?.update(user);
  drawPhones();
  panel.usersChanged(state.users);
}

function takeAccount(account) {
  state.account = account;
  state.shift = account.clock_shift;
  for (const phone of phones.values()) phone.updateAccount(account);
  const words = { true: "机器人已接通", false: "机器人未接通", null: "尚未验证接入" }[String(account.verified)];
  wired.textContent = words;
  wired.dataset.state = String(account.verified);
  panel.accountChanged(account);
}

function takeMessage(message) {
  const kept = state.messages.get(message.openid) || [];
  if (kept.some((known) => known.id === message.id)) return;
  kept.push(message);
  if (kept.length > KEPT_LINES) kept.shift();
  state.messages.set(message.openid, kept);
  phones.get(message.openid)?.add(message);
}

function clear() {
  state.messages.clear();
  for (const phone of phones.values()) phone.clear();
  panel.clear();
}

const TAKERS = {
  message: takeMessage,
  users: takeUser,
  account: takeAccount,
  faults: (data) => panel.faultsChanged(data.faults),
  delivery: (record) => panel.add("delivery", record),
  call: (record) => panel.add("call", record),
  typing: (data) => phones.get(data.openid)?.showTyping(data.on),
  draft: (data) => phones.get(data.openid)?.showDraft(data.text),
  cleared: clear,
};

function firstShown(users) {
  const wanted = new URLSearchParams(window.location.search).get("users")?.split(",");
  const chosen = wanted ? users.filter((user) => wanted.includes(user.name)) : users;
  return new Set(chosen.slice(0, narrow.matches ? 1 : wanted ? chosen.length : SHOWN_AT_FIRST).map((user) => user.openid));
}

async function start() {
  const snapshot = await call("GET", "state");
  if (panel === null) panel = new Panel(document.getElementById("panel"), state);
  if (state.shown.size === 0) state.shown = firstShown(snapshot.users);
  state.account = snapshot.account;
  for (const user of snapshot.users) {
    state.users.set(user.openid, user);
    phones.get(user.openid)?.update(user);
  }
  takeAccount(snapshot.account);
  drawPhones();
  for (const message of snapshot.messages) takeMessage(message);
  panel.usersChanged(state.users);
  panel.faultsChanged(snapshot.faults);
  await panel.load();
  document.body.dataset.ready = "true";
  if (snapshot.account.verified === null) call("POST", "verify", {});
}

const waiting = [];
let ready = false;

function received(topic, data) {
  if (ready) TAKERS[topic](data);
  else waiting.push([topic, data]);
}

async function connected() {
  ready = false;
  await start();
  ready = true;
  for (const [topic, data] of waiting.splice(0)) TAKERS[topic](data);
}

wired.addEventListener("click", async () => {
  const answer = await attempt("POST", "verify", {});
  if (answer) toast(answer.verified ? "接入验证通过" : `接入验证失败：${answer.problem}`);
});
document.getElementById("open-panel").addEventListener("click", (event) => {
  const opened = document.body.classList.toggle("panel-open");
  event.currentTarget.setAttribute("aria-expanded", String(opened));
  event.currentTarget.textContent = opened ? "返回聊天" : "故障与日志";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll(".shade").forEach((shade) => shade.remove());
});
setInterval(() => phones.forEach((phone) => phone.tick(now())), 5000);
listen(connected, received, () => { wired.textContent = "模拟器已断开"; wired.dataset.state = "false"; });
