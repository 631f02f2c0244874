// Time: the sandbox's own, as it goes on from when the page was made; and the exact time of what has the focus.
import { $, $$, root } from "./dom.js";

let base;
export function setClock({ now, speed }) { base = { now: Number(now), at: performance.now(), speed: Number(speed) }; }
setClock(root.dataset);
const sandboxNow = () => base.now + (performance.now() - base.at) * base.speed;

const units = [[864e5, "d"], [36e5, "h"], [6e4, "min"], [1e3, "s"]];
const span = (ms) => { for (const [size, unit] of units) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`; return "0 s"; };
const relative = (moment, now) =>
  Math.abs(moment - now) < 1000 ? "now" : moment < now ? `${span(now - moment)} ago` : `in ${span(moment - now)}`;
const utc = (moment, digits) => new Date(moment).toISOString().slice(0, digits).replace("T", " ");

export function tellTimes() {
  const now = sandboxNow();
  for (const time of $$("time[datetime]")) {
    if (time.classList.contains("ticking")) time.textContent = utc(now, 19);
    else if (time.dataset.exact) {
      const text = relative(Date.parse(time.dateTime), now);
      if (time.textContent !== text) time.textContent = text;
      time.removeAttribute("title"); // which is for where no script runs
    }
  }
}

// -- The exact time, beside a time that is pointed at or has the focus, or whose row has it
const tip = document.createElement("div");
tip.id = "tip";
tip.role = "tooltip";
tip.hidden = true;
$(".top").append(tip);
let told = null;
function tell(time, by = time) {
  hideTip();
  if (!time) return;
  const moment = Date.parse(time.dateTime);
  const local = new Date(moment).toLocaleString([], { dateStyle: "medium", timeStyle: "long" });
  tip.textContent = `${local}, your time\n${utc(moment, 23)} UTC`;
  tip.hidden = false;
  told = by;
  told.setAttribute("aria-describedby", "tip");
  const box = time.getBoundingClientRect();
  const below = box.bottom + tip.offsetHeight + 12 < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(box.left, root.clientWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
}
export function hideTip() {
  tip.hidden = true;
  told?.removeAttribute("aria-describedby");
  told = null;
}
document.addEventListener("focusin", ({ target }) => {
  const near = target.matches("time") ? target : target.matches(":focus-visible") && target.closest("tr[data-key], li[data-key]");
  if (near) tell(near.matches("time[data-exact]") ? near : $("time[data-exact]", near), target);
});
document.addEventListener("focusout", hideTip);
document.addEventListener("pointerover", ({ target }) => {
  const time = target.closest?.("time[data-exact]");
  if (time) tell(time);
  else if (told?.matches("time") && told !== document.activeElement && !target.closest?.("#tip")) hideTip();
});
addEventListener("scroll", hideTip, { capture: true, passive: true });
