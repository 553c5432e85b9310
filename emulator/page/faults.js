// Ordering faults.

import { h, toast } from "./dom.js";
import { attempt } from "./net.js";

const DELIVERY = [
  ["drop_answer", "丢失回复", "机器人的回复没有到达，微信重新投递"],
  ["duplicate", "同时投递两次", "第一次还在处理，第二次已到"],
  ["replay", "重放请求", "完全相同的请求再来一次"],
  ["delay", "延迟投递", "晚几秒才送到机器人"],
  ["reorder", "乱序", "下一条消息超过这一条"],
  ["bad_signature", "伪造签名", "机器人必须拒绝"],
];
const API = [
  ["api_error", "返回错误码", "用上面选定的错误码"],
  ["api_html", "返回网页", "HTTP 200，但正文是 HTML"],
  ["api_delay", "响应变慢", "照常处理，晚几秒回答"],
  ["api_timeout", "超时", "不处理也不回答"],
  ["api_timeout+", "已执行但超时", "消息已发出，回答丢失"],
  ["api_disconnect", "断开连接", "回答之前断开"],
];
const CODES = [
  [-1, "系统繁忙"], [40001, "token 无效"], [42001, "token 过期"], [40003, "openid 无效"], [43004, "未关注"], [43101, "拒收订阅"],
  [45009, "每日上限"], [45011, "过于频繁"], [45015, "超过 48 小时"], [45047, "客服消息超限"], [47003, "参数无效"], [48002, "拒收消息"],
];
const PATHS = [["", "全部接口"], ["message/custom/send", "客服消息"], ["message/template/send", "模板消息"], ["message/subscribe/bizsend", "订阅通知"], ["token", "获取 token"], ["menu/", "菜单"]];
const NAMES = Object.fromEntries([...DELIVERY, ...API].map(([kind, label]) => [kind, label]));

function choose(label, options) {
  return h("select", { "aria-label": label }, ...options.map(([value, words]) => h("option", { value: String(value) }, words)));
}

export class FaultDesk {
  constructor() {
    this.user = choose("用户", [["", "所有用户"]]);
    this.times = choose("次数", [["1", "1 次"], ["2", "2 次"], ["3", "3 次"], ["", "一直"]]);
    this.seconds = h("input", { type: "number", min: "0", max: "600", step: "0.5", value: "3", "aria-label": "秒" });
    this.path = choose("接口", PATHS);
    this.code = choose("错误码", CODES.map(([code, words]) => [code, `${code} ${words}`]));
    this.active = h("div", { class: "active" });
    this.element = h("div", { class: "page" },
      this.active,
      h("div", { class: "box scope" },
        h("label", {}, "对象", this.user), h("label", {}, "次数", this.times), h("label", {}, "秒数", this.seconds)),
      h("h4", {}, "投递到机器人"), this.grid(DELIVERY),
      h("h4", {}, "机器人调用 API"),
      h("div", { class: "box scope" }, h("label", {}, "接口", this.path), h("label", {}, "错误码", this.code)),
      this.grid(API),
      h("h4", {}, "token 与配额"),
      h("div", { class: "faults" },
        this.button("token 全部过期", "下次调用得到 42001", () => attempt("POST", "tokens", { do: "expire" })),
        this.button("token 全部作废", "下次调用得到 40001", () => attempt("POST", "tokens", { do: "revoke" })),
        this.button("今日模板配额用完", "模板消息得到 45009", () => this.limit(0)),
        this.button("恢复模板配额", "每日 100000 条", () => this.limit(100000))),
      h("p", { class: "help" }, "拒收、发送失败、拉黑在每部手机右上角的“···”里。"));
  }

  button(label, hint, run) {
    const press = async () => { if (await run()) toast(`${label}：已设定`); };
    return h("button", { class: "fault", type: "button", onclick: press }, h("b", {}, label), h("small", {}, hint));
  }

  grid(kinds) {
    return h("div", { class: "faults" }, ...kinds.map(([kind, label, hint]) => this.button(label, hint, () => this.order(kind))));
  }

  order(kind) {
    const ofApi = kind.startsWith("api");
    return attempt("POST", "faults", {
      kind: kind.replace("+", ""),
      after: kind.endsWith("+"),
      times: this.times.value ? Number(this.times.value) : null,
      user: this.user.value,
      seconds: ["delay", "duplicate", "reorder", "api_delay", "api_timeout"].includes(kind.replace("+", "")) ? Number(this.seconds.value) : 0,
      path: ofApi ? this.path.value : "",
      errcode: Number(this.code.value),
      errmsg: "",
    });
  }

  limit(calls) {
    return attempt("PUT", "quotas", { limits: { "/cgi-bin/message/template/send": calls } });
  }

  usersChanged(users) {
    const chosen = this.user.value;
    this.user.replaceChildren(h("option", { value: "" }, "所有用户"), ...[...users.values()].slice(0, 200).map((user) => h("option", { value: user.openid }, user.name)));
    this.user.value = users.has(chosen) ? chosen : "";
  }
}

export function drawFaults(box, faults, state) {
  if (!faults.length) {
    box.replaceChildren(h("p", { class: "help" }, "现在没有故障：一切照常。"));
    return;
  }
  const chips = faults.map((fault) => h("div", { class: "ordered" },
    h("b", {}, NAMES[fault.kind] || fault.kind),
    h("span", {}, [
      fault.openid && (state.users.get(fault.openid)?.name || fault.openid),
      fault.path, fault.kind === "api_error" && fault.errcode, fault.seconds ? `${fault.seconds} 秒` : "",
      fault.after && "执行之后", fault.times === null ? "一直" : `还有 ${fault.times} 次`,
    ].filter(Boolean).join(" · ")),
    h("button", { type: "button", "aria-label": "取消", onclick: () => attempt("DELETE", `faults/${fault.id}`) }, "×")));
  box.replaceChildren(h("div", { class: "active-head" }, h("h4", {}, "正在等待的故障"), h("button", { class: "small", type: "button", onclick: () => attempt("DELETE", "faults") }, "全部取消")), ...chips);
}
