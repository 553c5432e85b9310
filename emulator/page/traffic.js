// The traffic log: both directions, decrypted.

import { clockTime, h } from "./dom.js";
import { call } from "./net.js";

const KEPT = 300;
const OUTCOMES = { reply: "已回复", silence: "success", no_answer: "无回答", malformed: "回复有误" };

export class Traffic {
  constructor() {
    this.seen = new Set();
    this.paused = false;
    this.waiting = [];
    this.list = h("div", { class: "records" });
    this.kind = h("select", { "aria-label": "方向", onchange: () => this.filter() }, ...[["", "双向"], ["delivery", "投递 → 机器人"], ["call", "API ← 机器人"]].map(([value, label]) => h("option", { value }, label)));
    this.words = h("input", { type: "search", placeholder: "筛选：用户、事件、内容", "aria-label": "筛选", oninput: () => this.filter() });
    this.pause = h("button", { class: "small", type: "button", onclick: () => this.toggle() }, "暂停");
    this.nothing = h("p", { class: "help" }, "还没有流量。请在手机上关注公众号，或发一条消息。");
    this.element = h("div", { class: "page traffic" }, h("div", { class: "tools" }, this.kind, this.words, this.pause), this.nothing, this.list);
  }

  async load() {
    const [deliveries, calls] = await Promise.all([call("GET", `deliveries?last=${KEPT}`), call("GET", `calls?last=${KEPT}`)]);
    const all = [...deliveries.deliveries.map((item) => ["delivery", item]), ...calls.calls.map((item) => ["call", item])];
    all.sort((left, right) => left[1].at - right[1].at);
    for (const [kind, record] of all) this.put(kind, record);
  }

  add(kind, record) {
    if (this.paused) this.waiting.push([kind, record]);
    else this.put(kind, record);
    if (this.paused) this.pause.textContent = `继续（${this.waiting.length}）`;
  }

  put(kind, record) {
    const key = `${kind}${record.id}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const row = kind === "delivery" ? delivery(record) : apiCall(record);
    row.dataset.kind = kind;
    this.match(row);
    this.list.prepend(row);
    this.nothing.hidden = true;
    while (this.list.childElementCount > KEPT) this.list.lastElementChild.remove();
  }

  toggle() {
    this.paused = !this.paused;
    this.pause.textContent = this.paused ? "继续" : "暂停";
    if (!this.paused) for (const [kind, record] of this.waiting.splice(0)) this.put(kind, record);
  }

  match(row) {
    const fits = !this.kind.value || row.dataset.kind === this.kind.value;
    row.hidden = !(fits && row.dataset.words.includes(this.words.value.trim().toLowerCase()));
  }

  filter() {
    for (const row of this.list.children) this.match(row);
  }

  clear() {
    this.seen.clear();
    this.waiting.length = 0;
    this.list.replaceChildren();
    this.nothing.hidden = false;
  }
}

function record(css, summary, words, fill) {
  const details = h("details", { class: `record ${css}`, "data-words": words.toLowerCase() }, h("summary", {}, ...summary));
  // Filled when first opened: hundreds of closed records stay light.
  details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) details.append(...fill()); });
  return details;
}

function delivery(item) {
  const bad = item.outcome === "no_answer" || item.outcome === "malformed";
  const marks = [item.attempt > 1 && `第 ${item.attempt} 次`, item.copy > 1 && "副本", item.same_as_first === false && "两次回答不同", item.same_as_first === true && "回答一致"].filter(Boolean);
  return record(
    "delivery", [
      h("span", { class: "arrow", title: "投递到机器人" }, "→"), h("time", {}, clockTime(item.at, true)), h("b", {}, subject(item)),
      h("span", { class: "who" }, item.name), ...marks.map((mark) => h("span", { class: item.same_as_first === false ? "mark bad" : "mark" }, mark)),
      h("span", { class: bad ? "state bad" : "state" }, OUTCOMES[item.outcome]), h("span", { class: "took" }, `${Math.round(item.seconds * 1000)} ms`),
    ],
    `${item.what} ${item.name} ${item.sent} ${item.answer} ${item.outcome}`,
    () => [
      item.problem && h("p", { class: "problem" }, item.problem),
      section("发出（解密后）", pretty(item.sent)), section("回答（解密后）", pretty(item.answer) || item.answer_body || "（空）"),
      section("请求", `POST ${item.url.replace(/[?&]/g, (mark) => `\n  ${mark}`)}`),
      item.mode !== "plain" && section("发出的原文", item.sent_body), item.mode !== "plain" && section("收到的原文", `HTTP ${item.status || "—"}\n${item.answer_body}`),
    ].filter(Boolean),
  );
}

function subject(item) {
  const content = /<Content><!\[CDATA\[([\s\S]*?)\]\]>/.exec(item.sent)?.[1];
  const key = /<EventKey><!\[CDATA\[([\s\S]*?)\]\]>/.exec(item.sent)?.[1];
  return content ? `“${content.slice(0, 24)}”` : `${item.what.replace("event ", "")}${key ? ` ${key.slice(0, 30)}` : ""}`;
}

function apiCall(item) {
  const code = item.response?.errcode;
  const bad = item.status !== 200 || typeof item.response === "string" || (code !== undefined && code !== 0);
  const state = typeof item.response === "string" ? `HTTP ${item.status}` : bad ? String(code) : "ok";
  return record(
    "call", [
      h("span", { class: "arrow", title: "机器人调用 API" }, "←"), h("time", {}, clockTime(item.at, true)), h("b", {}, item.path.replace("/cgi-bin/", "")),
      item.fault && h("span", { class: "mark bad" }, "故障"), item.notes.length ? h("span", { class: "mark" }, "提示") : null,
      h("span", { class: bad ? "state bad" : "state" }, state), h("span", { class: "took" }, `${Math.round(item.seconds * 1000)} ms`),
    ].filter(Boolean),
    `${item.path} ${JSON.stringify(item.request)} ${state}`,
    () => [
      ...item.notes.map((note) => h("p", { class: "problem" }, note)),
      section(`${item.method} ${item.path}`, JSON.stringify({ query: item.query, body: item.request }, null, 2)),
      section("回答", typeof item.response === "string" ? item.response : JSON.stringify(item.response, null, 2)),
    ],
  );
}

function section(title, content) {
  return h("section", {}, h("h5", {}, title), h("pre", {}, content));
}

function pretty(xml) {
  if (!xml) return "";
  const root = new DOMParser().parseFromString(xml, "application/xml").documentElement;
  if (root.querySelector("parsererror") || root.nodeName === "parsererror" || root.nodeName === "html") return xml;
  return lines(root, "").join("\n");
}

function lines(node, indent) {
  const children = [...node.children];
  if (!children.length) return [`${indent}<${node.nodeName}>${node.textContent}</${node.nodeName}>`];
  return [`${indent}<${node.nodeName}>`, ...children.flatMap((child) => lines(child, `${indent}  `)), `${indent}</${node.nodeName}>`];
}
