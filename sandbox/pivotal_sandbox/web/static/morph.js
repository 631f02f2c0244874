// Changing the page into another: what is the same stays, with its focus and what was typed.
import { $, $$ } from "./dom.js";

// By its attribute: a form's own `id` would be its field of that name.
const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.getAttribute("id") : null);
const OURS = ["open", "data-typed", "hidden", "aria-describedby"]; // attributes that only the script sets
let refreshing = false;

// `again` is for the same page, made anew: what is being typed in it stays.
export function morphed(old, fresh, again) {
  refreshing = again;
  morph(old, fresh);
}
function morph(old, fresh) {
  if (old.nodeType !== 1) { if (old.data !== fresh.data) old.data = fresh.data; return; }
  if (old.tagName !== fresh.tagName) { old.replaceWith(fresh); return; }
  if (old.matches("[data-hold]") && holding()) { holdBack(old, fresh); return; }
  if (old.dataset.asked && old.dataset.asked === fresh.dataset.count) return; // it says what was answered
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !OURS.includes(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value && !(name === "hidden" && old.matches(".news"))) old.setAttribute(name, value);
  if (old.matches(".news")) return;
  if (!refreshing && old.matches("input:not([type=radio]), select, textarea")) {
    const { value, checked } = fresh;
    queueMicrotask(() => { old.value = value; if (old.type === "checkbox") old.checked = checked; });
  }
  if (refreshing && old.matches("textarea, output, form[data-typed]")) return;
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
let pointed = false;
export const letGo = () => { pointed = false; };
const holding = () => pointed || scrollY > 80 || $("tbody input:checked") !== null || $("tbody :focus") !== null;
function holdBack(old, fresh) {
  const held = new Map([...old.children].map((row) => [row.dataset.key, row]));
  let count = 0;
  for (const row of [...fresh.children]) {
    const known = held.get(row.dataset.key);
    if (known) { if (!$("form", known)) morph(known, row); }
    else if (!held.size || row.dataset.key > old.firstElementChild.dataset.key) count++;
  }
  const news = $(".news");
  if (news) { news.hidden = !count; news.textContent = `${count >= 50 ? "50 or more" : count} new`; }
}
addEventListener("pointerover", (event) => { pointed = event.target.closest?.("[data-hold]") != null; });
document.addEventListener("pointerleave", letGo);
