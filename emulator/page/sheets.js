// What slides up from the bottom of a telephone, and what it asks.

import { h, icon } from "./dom.js";
import { act, attempt } from "./net.js";

const EMOJI = [..."😀😁😂😊😍😘😜🤔😎😭😡👍👎🙏👏💪🌹❤️🎂☕️🦷🏥💊🩺"].filter((letter) => letter !== "\ufe0f");

export function openSheet(phone, title, ...content) {
  closeSheet(phone);
  const shade = h("div", { class: "shade", onclick: (event) => event.target === shade && closeSheet(phone) });
  const close = h("button", { class: "plain", type: "button", "aria-label": "关闭", onclick: () => closeSheet(phone) }, icon("close", 20));
  shade.append(h("div", { class: "sheet", role: "dialog", "aria-label": title }, h("header", {}, h("b", {}, title), close), ...content));
  phone.screen.append(shade);
  shade.querySelector("input,textarea")?.focus();
}

export function closeSheet(phone) {
  phone.screen.querySelector(".shade")?.remove();
}

function form(phone, fields, action, done) {
  const inputs = fields.map(([label, input]) => h("label", {}, h("span", {}, label), input));
  const send = (event) => {
    event.preventDefault();
    closeSheet(phone);
    done();
  };
  return h("form", { onsubmit: send }, ...inputs, h("button", { class: "go", type: "submit" }, action));
}

export function voiceSheet(phone) {
  const heard = h("textarea", { rows: 3, placeholder: "例如：我想约明天上午的口腔科", name: "heard" });
  const none = h("input", { type: "checkbox" });
  none.addEventListener("change", () => { heard.disabled = none.checked; });
  openSheet(phone, "说一段语音", form(
    phone,
    [["语音识别会听到", heard], ["账号没有开通语音识别（不带识别结果）", none]],
    "发送语音",
    () => act(phone.user, "voice", { recognition: none.checked ? null : heard.value }),
  ));
  heard.closest("form").querySelectorAll("label")[1].classList.add("tick");
}

export function placeSheet(phone) {
  const label = h("input", { value: "北京市东城区天安门广场" });
  const latitude = h("input", { value: "39.9042", inputMode: "decimal" });
  const longitude = h("input", { value: "116.4074", inputMode: "decimal" });
  const place = () => ({ label: label.value, latitude: Number(latitude.value), longitude: Number(longitude.value) });
  openSheet(phone, "发送位置", form(
    phone, [["地点", label], ["纬度", latitude], ["经度", longitude]], "发送", () => act(phone.user, "location", place()),
  ));
}

export function linkSheet(phone) {
  const title = h("input", { value: "一篇文章" });
  const description = h("input", { value: "朋友分享的链接" });
  const url = h("input", { value: "https://example.com/article", type: "url" });
  openSheet(phone, "分享链接", form(
    phone, [["标题", title], ["摘要", description], ["网址", url]], "分享",
    () => act(phone.user, "link", { title: title.value, description: description.value, url: url.value }),
  ));
}

export function imageSheet(phone) {
  const url = h("input", { placeholder: "留空则发送示例图片", type: "url" });
  openSheet(phone, "发送图片", form(phone, [["图片网址", url]], "发送", () => act(phone.user, "image", { url: url.value })));
}

export function emojiSheet(phone) {
  const put = (face) => () => {
    phone.typing.value += face;
    phone.typing.dispatchEvent(new Event("input"));
    phone.typing.focus();
    closeSheet(phone);
  };
  openSheet(phone, "表情", h("div", { class: "faces" }, ...EMOJI.map((face) => h("button", { type: "button", onclick: put(face) }, face))));
}

export function scanSheet(phone, codes) {
  const scan = (code) => () => {
    closeSheet(phone);
    act(phone.user, "scan", { ticket: code.ticket });
  };
  const pictures = codes.map((code) => h(
    "button",
    { class: "code", type: "button", onclick: scan(code), title: `扫描 ${code.scene}` },
    h("img", { src: `/cgi-bin/showqrcode?format=svg&ticket=${encodeURIComponent(code.ticket)}`, alt: "" }),
    h("span", {}, code.scene),
  ));
  const scene = h("input", { placeholder: "例如 desk-1", maxLength: 64, required: true });
  const make = form(phone, [["新二维码的场景值", scene]], "生成并扫描", async () => {
    const code = await attempt("POST", "qrcodes", { scene: scene.value });
    if (code) act(phone.user, "scan", { ticket: code.ticket });
  });
  openSheet(
    phone, "扫一扫",
    codes.length ? h("div", { class: "codes" }, ...pictures) : h("p", { class: "empty" }, "账号还没有二维码。机器人可用 qrcode/create 创建，也可在这里生成。"),
    make,
  );
}

export function consentSheet(phone, account) {
  const boxes = account.templates.map((template) => [template, h("input", { type: "checkbox", checked: true })]);
  const answer = (accepted) => () => {
    const answers = Object.fromEntries(boxes.map(([template, box]) => [template.id, accepted && box.checked ? "accept" : "reject"]));
    closeSheet(phone);
    act(phone.user, "consent", { answers });
  };
  if (!boxes.length) {
    openSheet(phone, "订阅通知", h("p", { class: "empty" }, "还没有登记通知模板。请在右侧“模板”中登记。"));
    return;
  }
  openSheet(
    phone, `${account.name} 申请发送以下通知`,
    h("div", { class: "consents" }, ...boxes.map(([template, box]) => h(
      "label", {}, h("span", {}, template.title, h("small", {}, left(phone.user, template))), box,
    ))),
    h("div", { class: "two" },
      h("button", { class: "no", type: "button", onclick: answer(false) }, "拒绝"),
      h("button", { class: "go", type: "button", onclick: answer(true) }, "允许"),
    ),
  );
}

function left(user, template) {
  const count = user.consents[template.id] || 0;
  return count ? `还可接收 ${count} 条` : "每次同意可接收一条";
}

export function profileSheet(phone) {
  const user = phone.user;
  const path = `users/${encodeURIComponent(user.openid)}`;
  const change = (name) => (event) => attempt("PATCH", path, { [name]: event.target.checked });
  const toggle = (name, label, hint) => h(
    "label", {}, h("span", {}, label, h("small", {}, hint)),
    h("input", { type: "checkbox", class: "switch", checked: user[name], onchange: change(name) }),
  );
  const leave = () => {
    closeSheet(phone);
    act(user, "unfollow");
  };
  openSheet(
    phone, `${user.name} 的设置`,
    h("p", { class: "openid" }, user.openid),
    h("div", { class: "consents" },
      toggle("refuses", "拒收消息", "模板消息以 failed:user block 结束"),
      toggle("failing", "发送失败", "模板消息以 failed: system failed 结束"),
      toggle("blacklisted", "被账号拉黑", "API 返回 43019"),
    ),
    user.followed && h("button", { class: "leave", type: "button", onclick: leave }, "取消关注"),
  );
}

export function pageSheet(phone, url) {
  openSheet(phone, "菜单打开网页", h("p", { class: "empty" }, h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url)));
}

export function scannedSheet(phone, button) {
  const seen = h("input", { placeholder: "二维码的内容", required: true });
  openSheet(phone, button.name, form(phone, [["扫到的内容", seen]], "扫描", () => act(phone.user, "click", { button: button.key, scanned: seen.value })));
}
