// Forms: answered in place, judged while one types, and their effect shown before they are sent.
import { $, root, say } from "./dom.js";
import { morphed } from "./morph.js";
import { go, load } from "./pages.js";

document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (event.defaultPrevented || form.method === "dialog" || button?.hasAttribute("data-file")) return;
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
document.addEventListener("change", ({ target }) => { if (target.matches(".filters select")) target.form.requestSubmit(); });

let typed;
document.addEventListener("input", (event) => {
  const field = event.target, form = field.form;
  if (form?.method === "post" && !field.matches("tbody input[type=checkbox]")) form.dataset.typed = "1";
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
  new FormData(form).forEach((value, name) => { if (name !== "mode") url.searchParams.append(name, value); });
  try {
    const [page] = await load(url);
    const fresh = $("#preview", page), own = $(".preview", form); // a form in a table has a place of its own
    if (own) own.replaceChildren(...fresh.childNodes);
    else for (const part of ["#preview", "#fault-help"]) if ($(part) && $(part, page)) morphed($(part), $(part, page), true);
    const wrong = fresh.dataset.field;
    for (const field of form.elements) if (field.name && !field.matches("[data-json]"))
      field.setAttribute("aria-invalid", Boolean(wrong) && [wrong, `set.${wrong}`].includes(field.name));
  } catch (error) { say(error.message); }
}
