// Rows: selected, counted, compared, and walked through.
import { $, $$, say } from "./dom.js";
import { go, headers, whenShown } from "./pages.js";

const boxes = (which = "") => $$(`tbody input[type=checkbox]${which}`);

export function selection() {
  const form = $("form.rows"), all = $("input[name=all]"), chosen = boxes(":checked").length;
  if (!form) return;
  if (all && !chosen) all.checked = false;
  $(".selected b", form).textContent = all?.checked ? all.dataset.count : chosen;
  const every = $(".every", form);
  if (every) { every.checked = chosen > 0 && chosen === boxes().length; every.indeterminate = chosen > 0 && !every.checked; }
  const compare = $(".compare", form);
  if (compare) compare.disabled = chosen !== 2;
  if (chosen) count(form);
}
// How many the filter lets through is asked for once rows are selected, and said on the button.
async function count(form) {
  const button = $(".all", form);
  if (!button || button.dataset.asked === button.dataset.count) return;
  button.dataset.asked = button.dataset.count;
  try {
    const { count } = await (await fetch(button.dataset.count, { headers })).json();
    $("input[name=all]", form).dataset.count = count.toLocaleString("en");
    button.textContent = `Select all ${count.toLocaleString("en")} of this filter`;
  } catch { say("The sandbox does not answer."); }
}
// All of the page, or none; `whole` is for all of the filter.
export function select(on, whole = false) {
  boxes().forEach((box) => { box.checked = on; });
  limit(whole);
}
function limit(whole) {
  const all = $("input[name=all]");
  if (all) all.checked = whole;
  selection();
}
export function compare() {
  const url = new URL(location.href);
  boxes(":checked").forEach((box, at) => url.searchParams.set(at ? "diff" : "open", box.value));
  url.hash = "compare";
  go(url.href);
}

let last = null;
export function ticked(box, event) {
  if (event.shiftKey && last) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    all.slice(Math.max(from, 0), to + 1).forEach((one) => { one.checked = box.checked; });
  }
  last = box;
}
document.addEventListener("change", ({ target }) => { if (target.matches("tbody input[type=checkbox]")) limit(false); });

// -- Walked through
export const row = () => document.activeElement?.closest?.("tr[data-key]") ?? $("tr[aria-current]");
export function step(by) {
  const rows = $$("tbody tr[data-key]");
  const at = rows.indexOf(row()), next = rows.at(at < 0 ? Math.min(by, 0) : Math.min(Math.max(at + by, 0), rows.length - 1));
  if (next) { $("a", next).focus({ focusVisible: true }); next.scrollIntoView({ block: "nearest" }); }
}
export function replay() {
  if (boxes(":checked").length) return $(".actions .primary")?.click();
  const opened = $("[data-do=replay]");
  if (opened) return opened.click();
  const box = row() && $("input[name=id]", row());
  if (!box) return undefined;
  box.click();
  return $(".actions .primary")?.click();
}
whenShown(selection);
