// Keys of the inbox and of a task: x chooses the row, t takes, a goes to the answer.
"use strict";

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  document.querySelectorAll("input[name=task]").forEach((box) => { box.checked = event.target.checked; });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  if (event.key === "x") {
    const box = document.querySelector("tr.is-chosen input[name=task]");
    if (box) { event.preventDefault(); box.checked = !box.checked; }
    return;
  }
  const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.matches("button")) found.click(); else found.focus();
});
