// The chart's brush: what is swept over becomes the window.
import { $ } from "./dom.js";
import { go } from "./pages.js";

let from = null;
const placeIn = (svg, event) => { const box = svg.getBoundingClientRect(); return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1); };
document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.(".chart svg");
  if (svg && event.button === 0) from = { svg, x: placeIn(svg, event), rect: null };
});
document.addEventListener("dragstart", (event) => { if (from) event.preventDefault(); });
document.addEventListener("pointermove", (event) => {
  if (!from) return;
  const x = placeIn(from.svg, event);
  if (!from.rect && Math.abs(x - from.x) < 0.02) return;
  from.rect ??= from.svg.appendChild($(".brush", from.svg).cloneNode());
  from.rect.setAttribute("x", Math.min(x, from.x) * 720);
  from.rect.setAttribute("width", Math.abs(x - from.x) * 720);
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
    setTimeout(() => go(url.href, { keep: true }), 0);
  }
  from = null;
});
document.addEventListener("pointercancel", () => { from?.rect?.remove(); from = null; });
