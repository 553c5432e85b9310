// One line of a conversation, as WeChat shows it.

import { accountAvatar, avatar, dayAndTime, h, icon, isWeb, outward } from "./dom.js";

const QUIET_SECONDS = 300;

export function needsTime(message, previous) {
  return !previous || message.at - previous.at > QUIET_SECONDS;
}

export function timeLine(message) {
  return h("div", { class: "time" }, dayAndTime(message.at));
}

export function line(message, { user, account, tapped }) {
  if (message.side === "system") {
    const failed = message.reply_to !== null;
    return h("div", { class: failed ? "notice failed" : "notice", "data-id": message.id }, message.body.text || "");
  }
  const mine = message.side === "user";
  const content = contentOf(message, tapped);
  if (content.classList.contains("wide")) {
    return h("div", { class: "line whole", "data-id": message.id, "data-kind": message.kind }, content);
  }
  return h(
    "div",
    { class: mine ? "line mine" : "line theirs", "data-id": message.id, "data-kind": message.kind },
    mine ? avatar(user.name, user.openid) : accountAvatar(account),
    content,
  );
}

function contentOf(message, tapped) {
  const shown = SHOWN[message.kind];
  return shown ? shown(message.body, message, tapped) : bubble(`［${message.kind}］`);
}

const SHOWN = {
  text: (body, message, tapped) => (body.parts ? partedBubble(body.parts, tapped) : bubble(body.content)),
  voice: (body, message) => voice(body, message),
  image: (body) => picture(body),
  video: () => h("div", { class: "media video" }, h("span", { class: "play" }, "▶"), h("small", {}, "0:08")),
  link: (body) => shared(body),
  location: (body) => place(body),
  news: (body) => news(body),
  card: (body, message) => card(body, message),
  music: (body) => bubble(`♪ ${body.title || "音乐"}`),
};

function bubble(...content) {
  return h("div", { class: "bubble" }, ...content);
}

function partedBubble(parts, tapped) {
  return bubble(...parts.map((part) => partNode(part, tapped)));
}

function partNode(part, tapped) {
  if (part.type === "link" && isWeb(part.url)) return outward(part.url, part.text);
  if (part.type !== "choice") return document.createTextNode(part.text);
  // A span, since a button would not break across lines as a link does.
  return h(
    "span",
    {
      class: "choice", role: "button", tabIndex: 0, title: `点按发送：${part.content}`,
      onclick: () => tapped(part),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); tapped(part); } },
    },
    part.text,
  );
}

function voice(body, message) {
  const heard = body.recognition;
  const seconds = Math.max(2, Math.min(30, Math.round([...(heard || "")].length / 3) + 1));
  const note = message.side === "user" ? (heard ? `识别结果：${heard}` : "没有识别结果") : "";
  const sound = h("div", { class: "bubble sound" }, h("span", {}, `${seconds}″`), icon("voice", 20));
  sound.style.width = `${70 + seconds * 5}px`;
  return h("div", { class: "stack" }, sound, note && h("small", { class: "heard" }, note));
}

function picture(body) {
  if (!isWeb(body.url)) return h("div", { class: "media missing" }, "［图片］");
  return h("img", { class: "media", src: body.url, alt: "图片", referrerPolicy: "no-referrer" });
}

function shared(body) {
  return h(
    "div",
    { class: "shared" },
    h("b", {}, outward(body.url, body.title || body.url)),
    h("div", {}, h("p", {}, body.description || ""), h("span", { class: "thumb" }, icon("link", 26))),
  );
}

function place(body) {
  const point = `${body.latitude.toFixed(4)}, ${body.longitude.toFixed(4)}`;
  return h(
    "div",
    { class: "place" },
    h("b", {}, body.label || "位置"),
    h("small", {}, point),
    h("div", { class: "map" }, icon("place", 34)),
  );
}

function news(body) {
  return h("div", { class: "cards wide" }, ...(body.articles || []).map((article) => outward(
    article.url,
    h(
      "article",
      { class: "news" },
      isWeb(article.picture)
        ? h("img", { src: article.picture, alt: "", referrerPolicy: "no-referrer" })
        : h("div", { class: "cover" }, [...(article.title || "文")][0]),
      h("h3", {}, article.title || ""),
      article.description && h("p", {}, article.description),
    ),
  )));
}

function card(body, message) {
  return h(
    "article",
    { class: "card wide" },
    h("header", {}, message.source === "subscription" ? "订阅通知" : "服务通知"),
    h("h3", {}, body.title || ""),
    h("dl", {}, ...(body.rows || []).map((row) => h("div", {}, h("dt", {}, row.label), h("dd", {}, row.value)))),
    (body.url || body.miniprogram) && h("footer", {}, outward(body.url, body.miniprogram ? "进入小程序查看" : "查看详情"), "›"),
  );
}
