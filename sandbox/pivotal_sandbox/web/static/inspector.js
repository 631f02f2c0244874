// The inspector's script: what is pressed is done in place. Reading needs none of it.
import { $, $$, copy, root } from "./dom.js";
import { edit, leave } from "./cells.js";
import { letGo } from "./morph.js";
import { follow, go, pause, shown } from "./pages.js";
import { compare, select, ticked } from "./rows.js";
import { tellTimes } from "./time.js";
import "./brush.js";
import "./forms.js";
import "./keys.js";

async function copied(button) {
  const told = $(".copied", button);
  told.hidden = !(await copy(button.dataset.copy));
  setTimeout(() => { told.hidden = true; }, 1200);
}
function changeTheme() {
  const theme = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = theme === "dark" ? "light" : "dark";
  try { localStorage.theme = root.dataset.theme; } catch { /* it holds for this page only */ }
}
const pressed = {
  ".copy": copied,
  ".theme": changeTheme,
  ".keys": () => $("#keys").showModal(),
  ".connection": pause,
  ".news": (button) => { button.hidden = true; letGo(); scrollTo(0, 0); go(location.href, { push: false }); },
  ".all": () => select(true, true),
  ".every": (box) => select(box.checked),
  ".pick": (button) => $$("input", button.closest(".use")).forEach((box) => { box.checked = true; }),
  ".compare": compare,
  ".leave": (button) => leave(button.form),
};
document.addEventListener("click", (event) => {
  $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  const target = event.target.closest("button, a, input, select, label, tr");
  if (!target || event.defaultPrevented) return;
  const press = Object.keys(pressed).find((selector) => target.matches(selector));
  if (press) pressed[press](target);
  else if (target.matches("tbody input[type=checkbox]")) ticked(target, event);
  else if (target.matches("tr[data-key]") && !event.target.closest("form.cell") && !String(getSelection())) $("a", target)?.click();
  else if (target.matches("a[href]")) follows(target, event);
});
function follows(link, event) {
  const url = new URL(link.href.baseVal ?? link.href, location.href);
  if (event.metaKey || event.ctrlKey || event.shiftKey || link.hasAttribute("download") || url.origin !== location.origin) return;
  if (link.matches("a.cell[data-field]")) { event.preventDefault(); edit(link); return; }
  if (url.pathname === location.pathname && url.search === location.search && url.hash) return;
  event.preventDefault();
  go(url.href, { keep: link.closest(".split, .timeline, .attempts, .chips") !== null });
}

shown();
setInterval(tellTimes, 1000);
follow();
