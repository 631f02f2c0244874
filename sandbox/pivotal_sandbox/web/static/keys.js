// Keys: each of them is listed by `?`.
import { $, copy, say } from "./dom.js";
import { load, pause } from "./pages.js";
import { replay, row, select, step } from "./rows.js";
import { hideTip } from "./time.js";

const keys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => row() && $("input[type=checkbox]", row())?.click(),
  r: replay,
  c: copyAsCurl,
  "/": () => $(".search input").focus(),
  "?": () => $("#keys").showModal(),
  ".": pause,
  Escape: back,
};
// Of what is open, or of the row that has the focus, whose page has the command.
async function copyAsCurl() {
  const link = row() && $("a", row());
  const opened = $("[data-curl] .copy") ?? (link && $("[data-curl] .copy", (await load(link.href))[0]));
  if (opened && (await copy(opened.dataset.copy))) say("Copied as curl.");
}
function back() {
  hideTip();
  const menu = $("details.menu[open]"), way = $(".shut") ?? $(".way a");
  if (menu) { menu.open = false; $("summary", menu).focus(); }
  else if (document.activeElement?.closest("form.rows") && $("tbody input:checked")) select(false);
  else if (way) way.click();
  else document.activeElement?.blur();
}
let leading = false;
document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || $("dialog[open]")) return;
  const typing = event.target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
  if (typing) { if (event.key === "Escape") event.target.blur(); }
  else if (leading) { leading = false; $(`[data-go="${CSS.escape(event.key)}"]`)?.click(); }
  else if (event.key === "g") { leading = true; setTimeout(() => { leading = false; }, 1500); }
  else if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
});
