// The inspector's script: what is new appears, keys work, forms answer in place. Reading needs none of it.
const root = document.documentElement;
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const stored = (() => { try { return localStorage; } catch { return {}; } })();
root.classList.add("scripted");
if (stored.theme) root.dataset.theme = stored.theme;

// -- Time: the sandbox's own, as it goes on from when the page was made
const born = performance.now();
let base = { now: Number(root.dataset.now), at: born, speed: Number(root.dataset.speed) };
const sandboxNow = () => base.now + (performance.now() - base.at) * base.speed;
const units = [[864e5, "d"], [36e5, "h"], [6e4, "min"], [1e3, "s"]];
const span = (ms) => { for (const [size, unit] of units) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`; return "0 s"; };
const relative = (moment, now) =>
  Math.abs(moment - now) < 1000 ? "now" : moment < now ? `${span(now - moment)} ago` : `in ${span(moment - now)}`;
const utc = (moment) => `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`;
function tellTimes(from = document) {
  const now = sandboxNow();
  for (const time of $$("time[datetime]", from)) {
    const moment = Date.parse(time.dateTime);
    if (time.classList.contains("ticking")) time.textContent = utc(now).slice(0, 19);
    else if (time.dataset.exact) time.textContent = relative(moment, now);
    if (!time.dataset.local) {
      time.dataset.local = "1";
      if (time.dataset.exact) time.title = `${new Date(moment).toLocaleString()} local\n${time.dataset.exact}`;
    }
  }
}

// -- Changing the page into another: what is the same stays, with its focus and what was typed
// By its attribute: a form's own `id` would be its field of that name.
const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.getAttribute("id") : null);
let refreshing = false;
function morph(old, fresh) {
  if (old.nodeType !== 1) { if (old.data !== fresh.data) old.data = fresh.data; return; }
  if (old.tagName !== fresh.tagName) { old.replaceWith(fresh); return; }
  if (old.matches("[data-hold]") && holding()) { holdBack(old, fresh); return; }
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !["open", "data-local", "data-typed", "hidden"].includes(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value && !(name === "title" && old.dataset.local) && !(name === "hidden" && old.matches(".news"))) old.setAttribute(name, value);
  if (old.matches(".news")) return;
  if (!refreshing && old.matches("input:not([type=radio]), select, textarea")) {
    const { value, checked } = fresh;
    queueMicrotask(() => { old.value = value; if (old.type === "checkbox") old.checked = checked; });
  }
  if (refreshing && old.matches("textarea, output, form[data-typed]")) return;
  if (old.matches("time") && old.dataset.exact && old.dataset.exact === fresh.dataset.exact) return;
  delete old.dataset.local;
  const keyed = new Map([...old.children].filter(keyOf).map((node) => [keyOf(node), node]));
  let at = old.firstChild;
  for (const one of [...fresh.childNodes]) {
    const key = keyOf(one);
    const match = key ? keyed.get(key) : at && at.nodeType === one.nodeType && at.nodeName === one.nodeName && !keyOf(at) ? at : null;
    if (match) {
      if (match !== at) old.insertBefore(match, at);
      const next = match.nextSibling;
      morph(match, one);
      at = next;
    } else {
      if (key && old.matches("[data-hold], .results")) one.classList.add("arrived");
      old.insertBefore(one, at);
    }
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

// -- Lists: nothing moves under the pointer, or away from what is selected
let pointed = false, paused = false;
const holding = () => pointed || scrollY > 80 || $("tbody input:checked") !== null || $("tbody :focus") !== null;
function holdBack(old, fresh) {
  const held = new Map([...old.children].map((row) => [row.dataset.key, row]));
  let count = 0;
  for (const row of [...fresh.children]) {
    const known = held.get(row.dataset.key);
    if (known) morph(known, row);
    else if (!held.size || row.dataset.key > old.firstElementChild.dataset.key) count++;
  }
  const news = $(".news");
  if (news) { news.hidden = !count; news.textContent = `${count >= 50 ? "50 or more" : count} new`; }
}
addEventListener("pointerover", (event) => { pointed = event.target.closest?.("[data-hold]") != null; });
document.addEventListener("pointerleave", () => { pointed = false; });

// -- Asking for pages
const headers = root.dataset.token ? { authorization: `Bearer ${root.dataset.token}` } : {};
const parser = new DOMParser();
let visits = 0;
async function load(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { ...headers, accept: "text/html", ...options.headers } });
  const page = parser.parseFromString(await answer.text(), "text/html");
  if (!answer.ok) throw new Error($("[data-problem]", page)?.textContent || `The sandbox answers ${answer.status}.`);
  return [page, answer.url];
}
function show(page, { keep = false, again = false }) {
  if (!keep) { pointed = false; scrollTo(0, 0); $$("tbody input:checked").forEach((box) => { box.checked = false; }); document.activeElement?.blur?.(); }
  const { now, speed, mode } = page.documentElement.dataset;
  base = { now: Number(now), at: performance.now(), speed: Number(speed) };
  root.dataset.mode = mode;
  document.title = page.title;
  document.body.dataset.live = page.body.dataset.live || "";
  refreshing = again;
  if (!again) $$("form[data-typed]").forEach((form) => form.removeAttribute("data-typed"));
  for (const part of ["#main", ".rail", ".switch", ".search"]) {
    const [old, fresh] = [$(part), $(part, page)];
    if (old && fresh) morph(old, fresh);
  }
  ready();
}
async function go(url, { push = true, keep = false, options } = {}) {
  const visit = ++visits;
  try {
    const [page, address] = await load(url, options);
    if (visit !== visits) return;
    const at = new URL(address, location.href);
    at.hash = new URL(url, location.href).hash;
    if (push && at.href !== location.href) history.pushState(null, "", at);
    show(page, { keep });
    say("");
  } catch (error) { say(error.message); }
}
addEventListener("popstate", () => go(location.href, { push: false, keep: true }));
let quieten;
function say(text) {
  const box = $("#said");
  clearTimeout(quieten);
  box.replaceChildren();
  if (!text) return;
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  quieten = setTimeout(() => box.replaceChildren(), 8000);
}

// -- What happens is followed; the page is asked for anew, at most once a second
let due = null, asked = 0, busy = false, missed = false;
function news(kind) {
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
function connection(state, word) { line.dataset.state = state; $(".word", line).textContent = word; }
function follow() {
  const stream = new EventSource(root.dataset.stream);
  stream.onopen = () => { if (!paused) connection("live", "live"); };
  stream.onerror = () => connection("reconnecting", "reconnecting");
  for (const kind of ["delivery", "attempt", "capture", "endpoint", "clock", "chaos", "reset"])
    stream.addEventListener(kind, () => news(kind));
  addEventListener("pagehide", () => stream.close());
}
document.addEventListener("visibilitychange", () => { if (!document.hidden && missed) { missed = false; news("reset"); } });

// -- Rows, selected and walked through
function selection() {
  const form = $("form.rows");
  if (!form) return;
  const chosen = $$("tbody input:checked", form).length;
  const all = $("input[name=all]", form);
  if (all && !chosen) all.checked = false;
  const label = $(".selected b", form);
  label.textContent = all?.checked ? all.dataset.count : chosen;
  const compare = $(".compare", form);
  if (compare) compare.disabled = chosen !== 2;
}
async function selectAll(button) {
  try {
    const answer = await fetch(button.dataset.count, { headers });
    const { count } = await answer.json();
    const all = $("input[name=all]");
    all.checked = true;
    all.dataset.count = count.toLocaleString("en");
    $$("tbody input[name=id]").forEach((box) => { box.checked = true; });
    selection();
  } catch { say("The sandbox does not answer."); }
}
function exportRows() {
  const ids = $$("tbody input:checked").map((box) => box.value);
  Promise.all(ids.map((id) => fetch(`/api/deliveries/${id}`, { headers }).then((answer) => answer.text()))).then((lines) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "application/x-ndjson" }));
    link.download = "deliveries.jsonl";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
let last = null;
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("tbody input[type=checkbox]")) { const all = $("input[name=all]"); if (all) all.checked = false; selection(); }
  if (field.matches(".filters select")) field.form.requestSubmit();
});

// -- Clicks and forms, answered in place
document.addEventListener("click", async (event) => {
  const target = event.target.closest("button, a, input, tr");
  if (!target) return;
  if (target.matches(".copy")) {
    try { await navigator.clipboard.writeText(target.dataset.copy); } catch { say("The browser does not let this page copy."); return; }
    const told = $(".copied", target);
    told.hidden = false;
    setTimeout(() => { told.hidden = true; }, 1200);
  } else if (target.matches(".theme")) {
    const dark = getComputedStyle(root).colorScheme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = stored.theme = dark ? "light" : "dark";
  } else if (target.matches(".keys")) $("#keys").showModal();
  else if (target.matches(".news")) { target.hidden = true; pointed = false; scrollTo(0, 0); go(location.href, { push: false }); }
  else if (target.matches(".all")) selectAll(target);
  else if (target.matches(".pick")) $$("input", target.closest(".use")).forEach((box) => { box.checked = true; });
  else if (target.matches(".export")) exportRows();
  else if (target.matches(".compare")) {
    const [newer, older] = $$("tbody input:checked").map((box) => box.value);
    const url = new URL(location.href);
    url.searchParams.set("open", newer);
    url.searchParams.set("diff", older);
    go(url.href);
  } else if (target.matches("tbody input[type=checkbox]") && event.shiftKey && last) {
    const boxes = $$("tbody input[type=checkbox]");
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(target)].sort((a, b) => a - b);
    boxes.slice(from, to + 1).forEach((box) => { box.checked = target.checked; });
    selection();
  } else if (target.matches("tr[data-key]") && !String(getSelection())) $("a", target)?.click();
  else if (target.matches("a[href]") || target.closest("svg a")) {
    const link = target.closest("a");
    const url = new URL(link.href.baseVal ?? link.href, location.href);
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || link.hasAttribute("download") || url.origin !== location.origin) return;
    if (url.pathname === location.pathname && url.search === location.search && url.hash) return;
    event.preventDefault();
    go(url.href, { keep: link.closest(".split, .timeline, .attempts, .chips") !== null });
  }
  if (target.matches("tbody input[type=checkbox]")) last = target;
});
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (form.method === "dialog") return;
  event.preventDefault();
  if (button?.dataset.sure && !confirm(button.dataset.sure)) return;
  const fields = new URLSearchParams(new FormData(form, button));
  if (form.method === "post") {
    if (root.dataset.mode === "live") fields.set("mode", "live");
    if (button) button.disabled = true;
    go(form.action, { keep: form.closest(".clock") !== null, options: { method: "POST", body: fields } }).finally(() => { if (button) button.disabled = false; });
  } else {
    const url = new URL(form.action);
    url.search = new URLSearchParams([...fields].filter(([, value]) => value));
    go(url.href, { keep: form.closest(".more") !== null });
  }
});

// -- What is typed is judged, and what it would do is shown, before it is sent
let typed;
document.addEventListener("input", (event) => {
  const field = event.target, form = field.form;
  if (form?.method === "post" && !field.closest("tbody")) form.dataset.typed = "1";
  if (field.type === "range") { const output = field.nextElementSibling; if (output) output.value = `${field.value} %`; }
  if (field.matches("[data-json]")) {
    let wrong = "";
    try { if (field.value.trim()) JSON.parse(field.value); } catch (error) { wrong = error.message; }
    const told = $("[data-json-problem]", field.parentElement);
    if (told) told.textContent = wrong;
    field.setAttribute("aria-invalid", String(wrong !== ""));
    if (wrong) return;
  }
  if (form?.dataset.preview) { clearTimeout(typed); typed = setTimeout(() => preview(form), 300); }
});
async function preview(form) {
  const url = new URL(form.dataset.preview, location.href);
  for (const [name, value] of new FormData(form)) if (name !== "mode") url.searchParams.append(name, value);
  try {
    const [page] = await load(url);
    refreshing = true;
    for (const part of ["#preview", "#fault-help"]) if ($(part) && $(part, page)) morph($(part), $(part, page));
    const wrong = $("#preview").dataset.field;
    for (const field of form.elements) if (!field.matches("[data-json]") && field.name)
      field.toggleAttribute("aria-invalid", Boolean(wrong) && (field.name === wrong || field.name === `set.${wrong}`));
    $$("[aria-invalid='']", form).forEach((field) => field.setAttribute("aria-invalid", "true"));
  } catch (error) { say(error.message); }
}

// -- The chart's brush sets the window
let from = null;
const placeIn = (svg, event) => { const box = svg.getBoundingClientRect(); return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1); };
document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.(".chart svg");
  if (svg && event.button === 0) from = { svg, x: placeIn(svg, event), rect: null };
});
document.addEventListener("pointermove", (event) => {
  if (!from) return;
  const x = placeIn(from.svg, event);
  if (!from.rect && Math.abs(x - from.x) < 0.02) return;
  from.rect ??= from.svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "rect"));
  const [a, b] = [Math.min(x, from.x), Math.max(x, from.x)];
  for (const [name, value] of Object.entries({ class: "brush", x: a * 720, y: 0, width: (b - a) * 720, height: 48 })) from.rect.setAttribute(name, value);
});
document.addEventListener("pointerup", (event) => {
  if (from?.rect) {
    const { since, until } = from.svg.parentElement.dataset;
    const [start, end] = [Date.parse(since), Date.parse(until)];
    const [a, b] = [from.x, placeIn(from.svg, event)].sort((x, y) => x - y).map((x) => new Date(start + x * (end - start)).toISOString());
    const url = new URL(location.href);
    url.searchParams.set("since", a);
    url.searchParams.set("until", b);
    url.searchParams.delete("cursor");
    from.rect.remove();
    addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
    setTimeout(() => go(url.href), 0);
  }
  from = null;
});

// -- Keys
let leading = false;
function step(by) {
  const rows = $$("tbody tr[data-key]");
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by, 0), rows.length - 1)];
  if (next) { $("a", next).focus(); next.scrollIntoView({ block: "nearest" }); }
}
const row = () => document.activeElement?.closest?.("tr[data-key]") ?? $("tr[aria-current]");
const keys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => $("input[type=checkbox]", row() ?? document.body)?.click(),
  r: () => ($("tbody input:checked") ? $(".actions .primary") : $("[data-do=replay]") ?? replayRow())?.click(),
  c: () => $("[data-curl] .copy")?.click(),
  "/": () => $(".search input").focus(),
  "?": () => $("#keys").showModal(),
  ".": () => { paused = !paused; connection(paused ? "paused" : "live", paused ? "paused" : "live"); if (!paused) news("reset"); },
  Escape: () => { const shut = $(".shut"); if ($("details.menu[open]")) $("details.menu[open]").open = false; else if (shut) shut.click(); else document.activeElement?.blur(); },
};
function replayRow() { const box = row() && $("input[name=id]", row()); if (box && !box.checked) box.click(); return box ? $(".actions .primary") : null; }
document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || $("dialog[open]")) return;
  const typing = event.target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
  if (typing) { if (event.key === "Escape") event.target.blur(); return; }
  if (leading) {
    leading = false;
    const link = $(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
  } else if (event.key === "g") { leading = true; setTimeout(() => { leading = false; }, 1500); }
  else if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
});

function ready() {
  tellTimes();
  selection();
  if ($("[data-poll]")) due ??= setTimeout(refresh, 400);
}
ready();
setInterval(tellTimes, 1000);
if (document.readyState === "loading") addEventListener("DOMContentLoaded", ready);
follow();
