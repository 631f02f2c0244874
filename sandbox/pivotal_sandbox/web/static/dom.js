// What all parts of the script share: finding elements, and saying something for a while.
export const root = document.documentElement;
export const $ = (selector, from = document) => from.querySelector(selector);
export const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

let quieten;
export function say(text) {
  const box = $("#said");
  clearTimeout(quieten);
  box.replaceChildren();
  if (!text) return;
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  quieten = setTimeout(() => box.replaceChildren(), 8000);
}

export async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { say("The browser does not let this page copy."); return false; }
}
