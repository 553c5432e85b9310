// Building elements. Text only ever becomes text nodes: nothing a bot writes is parsed as markup.

const SHAPES = {
  keyboard: "M3 6h18v12H3zM6.5 9.5h.01M10 9.5h.01M14 9.5h.01M17.5 9.5h.01M6.5 12.5h.01M10 12.5h.01M14 12.5h.01M17.5 12.5h.01M8 15.5h8",
  menu: "M4 7h16M4 12h16M4 17h16",
  voice: "M8 9a4.5 4.5 0 0 1 0 6M11.5 6.5a8 8 0 0 1 0 11M15 4a11.5 11.5 0 0 1 0 16",
  plus: "M12 6v12M6 12h12",
  smile: "M8.5 10h.01M15.5 10h.01M8 14c1 1.6 2.4 2.4 4 2.4s3-.8 4-2.4",
  back: "M15 5l-7 7 7 7",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9h.01",
  place: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  video: "M3 7h12v10H3zM15 11l6-3v8l-6-3",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  close: "M6 6l12 12M18 6L6 18",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c0-4.4 3.6-7 8-7s8 2.6 8 7",
};
const SVG = "http://www.w3.org/2000/svg";

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name, size = 24) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  if (name === "voice" || name === "plus" || name === "smile") {
    const ring = document.createElementNS(SVG, "circle");
    for (const [key, value] of [["cx", 12], ["cy", 12], ["r", 10.5]]) ring.setAttribute(key, value);
    svg.append(ring);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  if (name === "voice") path.setAttribute("transform", "translate(4 4.4) scale(.63)");
  svg.append(path);
  return svg;
}

export function avatar(name, openid, size = "") {
  let hash = 0;
  for (const letter of openid) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  const face = h("span", { class: `avatar person ${size}`, "aria-hidden": "true" }, [...name].slice(-1)[0] || "?");
  face.style.setProperty("--hue", String(hash % 360));
  return face;
}

export function accountAvatar(account, size = "") {
  return h("span", { class: `avatar account ${size}`, "aria-hidden": "true" }, [...account.name][0] || "公");
}

export function clockTime(seconds, withSeconds = false) {
  const moment = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  return withSeconds ? `${time}:${two(moment.getSeconds())}` : time;
}

export function dayAndTime(seconds) {
  const moment = new Date(seconds * 1000);
  const today = new Date();
  if (moment.toDateString() === today.toDateString()) return clockTime(seconds);
  return `${moment.getMonth() + 1}月${moment.getDate()}日 ${clockTime(seconds)}`;
}

let hiding;
export function toast(words) {
  const box = document.getElementById("toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 3200);
}

export function isWeb(url) {
  return /^https?:\/\//i.test(url || "");
}

export function outward(url, ...children) {
  if (!isWeb(url)) return h("span", {}, ...children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
