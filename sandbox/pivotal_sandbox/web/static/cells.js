// A field of a record, changed in its cell: what that fires is said before it is saved.
import { $, $$, root } from "./dom.js";
import { load, show } from "./pages.js";

export function edit(link) {
  const cell = link.closest("td"), id = link.closest("tr").dataset.key, name = link.dataset.field;
  const made = $("#cell-form").content.firstElementChild.cloneNode(true);
  const field = $(`template[data-field="${CSS.escape(name)}"]`).content.firstElementChild.cloneNode(true);
  const preview = new URL(location.href);
  preview.search = new URLSearchParams({ mode: root.dataset.mode, object: made.dataset.object, edit: id });
  made.action = `/world/${made.dataset.object}/${encodeURIComponent(id)}`;
  made.dataset.preview = preview;
  field.value = link.dataset.value ?? link.textContent;
  if (field.selectedIndex === -1) field.value = "null"; // what is nothing is an empty cell
  made.prepend(field);
  $$("form.cell").forEach(leave);
  link.hidden = true;
  cell.append(made);
  field.focus();
  field.select?.();
}
export function leave(form) {
  const link = $("a.cell", form.closest("td"));
  form.remove();
  link.hidden = false;
  link.focus();
}
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form.cell")) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  fields.set("mode", root.dataset.mode);
  try {
    const [page, address] = await load(form.action, { method: "POST", body: fields });
    leave(form);
    history.replaceState(null, "", address);
    show(page, { keep: true });
  } catch (error) {
    $(".preview", form).textContent = error.message;
  }
}, { capture: true });
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form.cell");
  if (!form || event.key !== "Escape") return;
  event.stopPropagation();
  leave(form);
}, { capture: true });
