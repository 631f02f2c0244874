// Asking for pages, and following what happens: the page is asked for anew, at most once a second.
import { $, $$, root, say } from "./dom.js";
import { letGo, morphed } from "./morph.js";
import { setClock, tellTimes } from "./time.js";

export const headers = root.dataset.token ? { authorization: `Bearer ${root.dataset.token}` } : {};
const parser = new DOMParser();
const listeners = [];
export function whenShown(work) { listeners.push(work); }

export async function load(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { ...headers, accept: "text/html", ...options.headers } });
  const page = parser.parseFromString(await answer.text(), "text/html");
  if (!answer.ok) throw new Error($("[data-problem]", page)?.textContent || `The sandbox answers ${answer.status}.`);
  return [page, answer.url];
}

export function show(page, { keep = false, again = false }) {
  if (!keep) { letGo(); scrollTo(0, 0); $$("tbody input:checked").forEach((box) => { box.checked = false; }); document.activeElement?.blur?.(); }
  setClock(page.documentElement.dataset);
  root.dataset.mode = page.documentElement.dataset.mode;
  document.title = page.title;
  document.body.dataset.live = page.body.dataset.live || "";
  if (!again) $$("form[data-typed]").forEach((form) => form.removeAttribute("data-typed"));
  for (const part of ["#main", ".rail", ".switch", ".search"]) {
    const [old, fresh] = [$(part), $(part, page)];
    if (old && fresh) morphed(old, fresh, again);
  }
  shown();
}
export function shown() {
  tellTimes();
  listeners.forEach((work) => work());
  if ($("[data-poll]")) due ??= setTimeout(refresh, 400);
}

let visits = 0;
export async function go(url, { push = true, keep = false, options } = {}) {
  const visit = ++visits;
  try {
    const [page, address] = await load(url, options);
    if (visit !== visits) return;
    const at = new URL(address);
    at.hash = new URL(url).hash;
    if (push && at.href !== location.href) history.pushState(null, "", at);
    show(page, { keep });
    if (at.hash) document.getElementById(at.hash.slice(1))?.scrollIntoView({ block: "nearest" });
    say("");
  } catch (error) { say(error.message); }
}
addEventListener("popstate", () => go(location.href, { push: false, keep: true }));

// -- What happens is followed
let due = null, asked = 0, busy = false, missed = false, paused = false;
export function news(kind) {
  if (paused || document.hidden) { missed = true; return; }
  if (!(document.body.dataset.live || "").split(" ").includes(kind) && kind !== "clock" && kind !== "reset") return;
  due ??= setTimeout(refresh, Math.max(100, 1000 - (performance.now() - asked)));
}
async function refresh() {
  due = null;
  if (busy) { news("reset"); return; }
  busy = true;
  asked = performance.now();
  const visit = visits, href = location.href;
  try {
    const [page] = await load(href);
    if (visit === visits && href === location.href && !paused && !$("dialog[open]")) show(page, { keep: true, again: true });
  } catch { /* the stream says that the line is down */ }
  busy = false;
}
const line = $(".connection");
function connection(state) { line.dataset.state = state; $(".word", line).textContent = state; }
export function pause() {
  paused = !paused;
  connection(paused ? "paused" : "live");
  if (!paused) news("reset");
}
export function follow() {
  line.disabled = false;
  const stream = new EventSource(root.dataset.stream);
  stream.onopen = () => { if (!paused) connection("live"); };
  stream.onerror = () => connection("reconnecting");
  for (const kind of ["delivery", "attempt", "capture", "endpoint", "clock", "chaos", "reset"])
    stream.addEventListener(kind, () => news(kind));
  addEventListener("pagehide", () => stream.close());
}
document.addEventListener("visibilitychange", () => { if (!document.hidden && missed) { missed = false; news("reset"); } });
