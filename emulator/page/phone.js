// One telephone: the conversation of one user with the account.

import { accountAvatar, avatar, clockTime, h, icon } from "./dom.js";
import { line, needsTime, timeLine } from "./lines.js";
import { act } from "./net.js";
import * as sheets from "./sheets.js";

const TYPING_SECONDS = 6;

export class Phone {
  constructor(user, account, codes) {
    this.user = user;
    this.account = account;
    this.codes = codes;
    this.seen = new Set();
    this.previous = null;
    this.name = h("b", {});
    this.clock = h("span", {});
    this.lines = h("div", { class: "lines", role: "log", "aria-label": `${user.name} 的会话`, tabIndex: 0 });
    this.fresh = h("button", { class: "fresh", type: "button", hidden: true, onclick: () => this.toEnd() }, "有新消息 ↓");
    this.typing = h("textarea", { rows: 1, "aria-label": `以 ${user.name} 的身份输入`, placeholder: "" });
    this.foot = h("div", { class: "foot" });
    this.screen = h("div", { class: "screen" });
    this.element = h("figure", { class: "phone", "data-openid": user.openid, "data-user": user.name },
      h("figcaption", {}, avatar(user.name, user.openid, "tiny"), user.name, h("span", { class: "hint" })),
      h("div", { class: "case" }, this.screen));
    this.writing = account.menu === null;
    this.drawn = "";
    this.prepare();
    this.draw();
  }

  prepare() {
    this.typing.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
    });
    this.typing.addEventListener("input", () => this.grow());
    // The last line stays in sight when the keyboard, the menu or a panel takes its room.
    this.kept = true;
    this.lines.addEventListener("scroll", () => {
      this.kept = this.atEnd();
      if (this.kept) this.fresh.hidden = true;
    });
    new ResizeObserver(() => { if (this.kept) this.toEnd(); }).observe(this.lines);
  }

  draw() {
    const wanted = this.user.followed ? "chat" : "profile";
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.element.classList.toggle("outside", !this.user.followed);
    this.screen.replaceChildren(this.status(), ...(this.user.followed ? this.chat() : this.profile()));
    this.toEnd();
  }

  status() {
    return h("div", { class: "status" }, this.clock, h("span", { class: "signals", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {}), h("i", {}), h("em", {})));
  }

  chat() {
    this.name.textContent = this.account.name;
    this.drawFoot();
    return [
      h("div", { class: "bar" },
        h("span", { class: "plain", "aria-hidden": "true" }, icon("back")), this.name,
        h("button", { class: "plain", type: "button", "aria-label": "设置", onclick: () => sheets.profileSheet(this) }, icon("dots"))),
      h("div", { class: "talk" }, this.lines, this.fresh),
      this.foot,
    ];
  }

  profile() {
    const scan = () => sheets.scanSheet(this, this.codes());
    return [
      h("div", { class: "bar" }, h("span", { class: "plain", "aria-hidden": "true" }, icon("back")), h("b", {}), h("span", { class: "plain" })),
      h("div", { class: "profile" },
        accountAvatar(this.account, "large"), h("h2", {}, this.account.name), h("p", {}, "公众号 · 在模拟器中运行"),
        h("button", { class: "go", type: "button", onclick: () => act(this.user, "follow") }, "关注公众号"),
        h("button", { class: "text", type: "button", onclick: scan }, "扫描二维码关注")),
    ];
  }

  drawFoot() {
    const menu = this.account.menu;
    if (menu === null) this.writing = true;
    this.foot.replaceChildren(...(this.writing ? this.writingBar(menu) : this.menuBar(menu)));
  }

  switcher(name, label) {
    const turn = () => { this.writing = !this.writing; this.drawFoot(); };
    return h("button", { class: "plain turn", type: "button", "aria-label": label, onclick: turn }, icon(name));
  }

  writingBar(menu) {
    const button = (name, label, open) => h("button", { class: "plain", type: "button", "aria-label": label, onclick: open }, icon(name, 28));
    this.sender = h("button", { class: "send", type: "button", onclick: () => this.send() }, "发送");
    this.more = button("plus", "更多", () => this.extras.toggleAttribute("hidden"));
    this.extras = this.extraGrid();
    const row = h("div", { class: "writing" },
      menu && this.switcher("menu", "账号菜单"),
      button("voice", "语音", () => sheets.voiceSheet(this)),
      this.typing,
      button("smile", "表情", () => sheets.emojiSheet(this)), this.more, this.sender);
    queueMicrotask(() => this.grow());
    return [row, this.extras];
  }

  extraGrid() {
    const item = (name, label, open) => h("button", { type: "button", onclick: () => { this.extras.hidden = true; open(); } }, h("span", {}, icon(name, 28)), label);
    return h("div", { class: "extras", hidden: true },
      item("image", "图片", () => sheets.imageSheet(this)),
      item("video", "视频", () => act(this.user, "video")),
      item("place", "位置", () => sheets.placeSheet(this)),
      item("link", "链接", () => sheets.linkSheet(this)),
      item("scan", "扫一扫", () => sheets.scanSheet(this, this.codes())),
      item("bell", "订阅通知", () => sheets.consentSheet(this, this.account)));
  }

  menuBar(menu) {
    const buttons = (menu.button || []).map((button) => {
      const below = button.sub_button || [];
      const top = h("button", { type: "button", "aria-haspopup": below.length ? "menu" : undefined }, below.length ? h("span", { class: "stripes", "aria-hidden": "true" }, "≡") : null, button.name);
      const holder = h("div", { class: "entry" }, top);
      top.addEventListener("click", () => (below.length ? this.toggleBelow(holder, below) : this.press(button)));
      return holder;
    });
    return [h("nav", { class: "menu", "aria-label": "账号菜单" }, this.switcher("keyboard", "键盘"), ...buttons)];
  }

  toggleBelow(holder, below) {
    const open = holder.querySelector(".below");
    this.foot.querySelectorAll(".below").forEach((list) => list.remove());
    if (open) return;
    const choose = (button) => () => { holder.querySelector(".below")?.remove(); this.press(button); };
    holder.append(h("div", { class: "below", role: "menu" }, ...below.map((button) => h("button", { type: "button", role: "menuitem", onclick: choose(button) }, button.name))));
  }

  press(button) {
    if ((button.type || "").startsWith("scancode")) sheets.scannedSheet(this, button);
    else act(this.user, "click", { button: button.key || button.url || button.name });
    if (button.type === "view") sheets.pageSheet(this, button.url);
  }

  send() {
    const content = this.typing.value;
    if (!content.trim()) return;
    this.typing.value = "";
    this.grow();
    act(this.user, "say", { content });
  }

  grow() {
    const written = this.typing.value.trim() !== "";
    if (this.sender) {
      this.sender.hidden = !written;
      this.more.hidden = written;
    }
    this.typing.style.height = "auto";
    this.typing.style.height = `${Math.min(this.typing.scrollHeight, 120)}px`;
  }

  atEnd() {
    return this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < 60;
  }

  toEnd() {
    this.lines.scrollTop = this.lines.scrollHeight;
    this.kept = true;
    this.fresh.hidden = true;
  }

  add(message) {
    if (this.seen.has(message.id)) return;
    this.seen.add(message.id);
    const follow = this.atEnd() || message.side === "user";
    if (needsTime(message, this.previous)) this.lines.append(timeLine(message));
    this.previous = message;
    const tapped = (part) => act(this.user, "say", { content: part.content, choice_id: part.id });
    const shown = line(message, { user: this.user, account: this.account, tapped });
    // A picture takes its room only once it is loaded.
    for (const image of shown.querySelectorAll("img")) image.addEventListener("load", () => { if (this.kept) this.toEnd(); });
    this.lines.append(shown);
    while (this.lines.childElementCount > 600) this.lines.firstElementChild.remove();
    if (message.side === "account") this.showTyping(false);
    if (follow) this.toEnd();
    else this.fresh.hidden = false;
  }

  clear() {
    this.seen.clear();
    this.previous = null;
    this.lines.replaceChildren();
  }

  update(user) {
    this.user = user;
    const states = [user.refuses && "拒收消息", user.failing && "发送失败", user.blacklisted && "已拉黑", !user.followed && "未关注"];
    this.element.querySelector(".hint").textContent = states.filter(Boolean).join(" · ");
    this.draw();
  }

  updateAccount(account) {
    const menuChanged = JSON.stringify(account.menu) !== JSON.stringify(this.account.menu);
    if (this.account.menu === null && account.menu !== null) this.writing = this.typing.value !== "";
    this.account = account;
    if (menuChanged && this.drawn === "chat") this.drawFoot();
  }

  showTyping(on) {
    clearTimeout(this.hush);
    this.name.textContent = on ? "对方正在输入…" : this.account.name;
    if (on) this.hush = setTimeout(() => this.showTyping(false), TYPING_SECONDS * 1000);
  }

  showDraft(text) {
    if (!this.writing && text) {
      this.writing = true;
      this.drawFoot();
    }
    this.typing.value = text;
    this.grow();
  }

  tick(now) {
    this.clock.textContent = clockTime(now);
  }
}
