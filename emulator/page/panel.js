// Beside the telephones: traffic, faults, templates, QR codes, settings.

import { h, toast } from "./dom.js";
import { drawFaults, FaultDesk } from "./faults.js";
import { attempt } from "./net.js";
import { Traffic } from "./traffic.js";

const TABS = [["traffic", "流量日志"], ["faults", "故障"], ["templates", "通知模板"], ["codes", "二维码"], ["settings", "设置"]];

export class Panel {
  constructor(element, state) {
    this.state = state;
    this.drawn = {};
    this.traffic = new Traffic(state);
    this.desk = new FaultDesk(state);
    this.pages = {
      traffic: this.traffic.element,
      faults: this.desk.element,
      templates: h("div", { class: "page" }),
      codes: h("div", { class: "page" }),
      settings: h("div", { class: "page" }),
    };
    this.tabs = TABS.map(([name, label]) => h("button", { type: "button", role: "tab", "data-tab": name, onclick: () => this.show(name) }, label));
    this.badge = h("i", { class: "badge", hidden: true });
    this.tabs[1].append(this.badge);
    element.replaceChildren(h("div", { class: "tabs", role: "tablist" }, ...this.tabs), ...Object.values(this.pages));
    this.show("traffic");
  }

  show(name) {
    for (const tab of this.tabs) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    for (const [key, page] of Object.entries(this.pages)) page.hidden = key !== name;
  }

  load() {
    return this.traffic.load();
  }

  add(kind, record) {
    this.traffic.add(kind, record);
  }

  clear() {
    this.traffic.clear();
  }

  faultsChanged(faults) {
    this.badge.hidden = faults.length === 0;
    this.badge.textContent = String(faults.length);
    drawFaults(this.desk.active, faults, this.state);
  }

  usersChanged(users) {
    this.desk.usersChanged(users);
  }

  accountChanged(account) {
    this.redraw("templates", account.templates, () => templates(account));
    this.redraw("codes", [account.qrcodes, [...this.state.shown]], () => codes(account, this.state));
    this.redraw("settings", { ...account, menu: null, verified: null, templates: null, qrcodes: null }, () => settings(account));
  }

  // Only what changed is drawn anew, so that nobody loses what was being typed.
  redraw(name, contents, draw) {
    const print = JSON.stringify(contents);
    if (this.drawn[name] === print) return;
    this.drawn[name] = print;
    this.pages[name].replaceChildren(...draw());
  }
}

function templates(account) {
  const id = h("input", { placeholder: "模板 ID", required: true });
  const title = h("input", { placeholder: "标题，例如 预约成功通知", required: true });
  const fields = h("textarea", { rows: 4, placeholder: "每行一项，例如\nthing1=就诊科室\ntime2=就诊时间", required: true });
  const register = async (event) => {
    event.preventDefault();
    const pairs = fields.value.split("\n").map((row) => row.split("=").map((part) => part.trim())).filter((pair) => pair.length === 2 && pair[0]);
    if (await attempt("POST", "templates", { id: id.value, title: title.value, fields: Object.fromEntries(pairs) })) toast("模板已登记");
  };
  const known = account.templates.map((template) => h("div", { class: "box" },
    h("h4", {}, template.title), h("code", {}, template.id),
    h("dl", {}, ...Object.entries(template.fields).map(([key, label]) => h("div", {}, h("dt", {}, label), h("dd", {}, `{{${key}.DATA}}`))))));
  return [
    h("p", { class: "help" }, "机器人只能发送登记过的模板，否则得到 40037。字段值按平台规则检查（thing ≤ 20 字、phrase ≤ 5 个汉字……），违反得到 47003。"),
    ...known,
    h("form", { class: "box", onsubmit: register }, h("h4", {}, "登记模板"), id, title, fields, h("button", { class: "go", type: "submit" }, "登记")),
  ];
}

function codes(account, state) {
  const scene = h("input", { placeholder: "场景值，例如 desk-1", maxLength: 64, required: true });
  const make = (event) => {
    event.preventDefault();
    attempt("POST", "qrcodes", { scene: scene.value });
  };
  const scanBy = (code) => [...state.users.values()].filter((user) => state.shown.has(user.openid)).map((user) => h(
    "button", { class: "small", type: "button", onclick: () => attempt("POST", `users/${encodeURIComponent(user.openid)}/scan?wait=0`, { ticket: code.ticket }) },
    `${user.name} 扫描`,
  ));
  const known = [...account.qrcodes].reverse().slice(0, 20).map((code) => h("div", { class: "box code-box" },
    h("img", { src: `/cgi-bin/showqrcode?format=svg&ticket=${encodeURIComponent(code.ticket)}`, alt: `二维码 ${code.scene}` }),
    h("div", {}, h("h4", {}, code.scene), h("p", { class: "help" }, code.expires_at ? `有效到 ${new Date(code.expires_at * 1000).toLocaleString("zh-CN")}` : "永久"), ...scanBy(code))));
  return [
    h("p", { class: "help" }, "机器人用 qrcode/create 创建的二维码都在这里；未关注者扫描即关注，已关注者扫描得到 SCAN 事件。"),
    h("form", { class: "box row", onsubmit: make }, scene, h("button", { class: "go", type: "submit" }, "生成")),
    ...known,
  ];
}

function settings(account) {
  const shift = h("input", { type: "number", step: "1", value: String(account.clock_shift), "aria-label": "时间偏移（秒）" });
  const verify = async () => {
    const answer = await attempt("POST", "verify", {});
    if (answer) toast(answer.verified ? "接入验证通过" : `接入验证失败：${answer.problem}`);
  };
  const rows = [["名称", account.name], ["AppID", account.appid], ["原始 ID", account.account_id], ["消息地址", account.webhook_url], ["加密方式", { secure: "安全模式", compatible: "兼容模式", plain: "明文模式" }[account.mode]]];
  const setMode = (event) => attempt("PATCH", "settings", { mode: event.target.value });
  const mode = h("select", { onchange: setMode, "aria-label": "加密方式" }, ...[["secure", "安全模式"], ["compatible", "兼容模式"], ["plain", "明文模式"]].map(([value, label]) => h("option", { value }, label)));
  mode.value = account.mode;
  const setShift = (event) => {
    event.preventDefault();
    attempt("POST", "clock", { shift: Number(shift.value) });
  };
  return [
    h("div", { class: "box" }, h("h4", {}, "账号"), h("dl", {}, ...rows.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))))),
    h("div", { class: "box" }, h("h4", {}, "加密方式"), mode, h("button", { class: "small", type: "button", onclick: verify }, "验证接入")),
    h("form", { class: "box", onsubmit: setShift }, h("h4", {}, "时间偏移（秒）"), h("p", { class: "help" }, "消息的 CreateTime、签名时间、48 小时窗口和 token 都按偏移后的时间。"), h("div", { class: "row" }, shift, h("button", { class: "go", type: "submit" }, "设定"))),
    h("div", { class: "box" }, h("h4", {}, "清空"), h("p", { class: "help" }, "清空会话、日志、故障和今日调用次数；用户、菜单、模板保留。"), h("button", { class: "small danger", type: "button", onclick: () => attempt("POST", "clear", {}) }, "清空记录")),
  ];
}
