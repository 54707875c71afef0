// Puts an example of the list of facts into the condition, joined by "and".
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const area = document.querySelector("textarea[name=condition]");
  if (!button || !area) return;
  const before = area.value.trim();
  area.value = before ? `${before} && ${button.dataset.insert}` : button.dataset.insert;
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
});
