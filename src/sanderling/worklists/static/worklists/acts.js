// Choosing rows and acting on them. Without script the same form goes to a page of its own.
"use strict";

(() => {
  const boxes = () => [...document.querySelectorAll("[data-select-item]")];
  const chosen = () => boxes().filter((box) => box.checked);
  const bar = () => document.querySelector("[data-bulk-bar]");
  let last = null; // the box that was ticked last, for ranges with shift

  // A kind that fits no chosen row is greyed, with the reason; one that fits some says how many.
  function fit(button, rows) {
    const not = (button.dataset.not || "").split(" ").filter(Boolean);
    const left = not.length ? rows.filter((box) => not.some((word) => box.dataset.is.split(" ").includes(word))).length : 0;
    const isImpossible = rows.length > 0 && left === rows.length;
    button.setAttribute("aria-disabled", String(isImpossible));
    button.classList.toggle("disabled", isImpossible);
    const why = button.dataset.why;
    button.title = isImpossible ? `Each of them ${why}` : left ? `${left} of ${rows.length} will be left out: ${why}` : "";
  }

  function show() {
    const form = bar();
    if (!form) return;
    const rows = chosen();
    form.hidden = rows.length === 0;
    const every = form.querySelector("[data-bulk-all]");
    if (every) {
      every.hidden = rows.length < boxes().length;
      if (every.hidden) every.querySelector("input").checked = false;
    }
    const isAll = Boolean(every?.querySelector("input").checked);
    const count = form.querySelector("[data-bulk-count]");
    count.textContent = isAll ? every.textContent.trim() : `${rows.length} claim${rows.length === 1 ? "" : "s"} chosen`;
    form.querySelectorAll("button[name=kind]").forEach((button) => fit(button, isAll ? [] : rows));
    rows.length === 0 && (last = null);
  }

  function tick(box, isTicked) {
    box.checked = isTicked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-select-item]");
    if (box && event.shiftKey && last) {
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      if (from >= 0) all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
    }
    if (box) last = box;
    if (event.target.closest("[data-select-page]")) boxes().forEach((one) => { one.checked = event.target.checked; });
    if (event.target.closest("[data-bulk-none]")) { event.preventDefault(); clear(); }
    if (event.target.closest("[data-close-dialog]") && event.target.closest("dialog")) {
      event.preventDefault();
      event.target.closest("dialog").close();
    }
    if (event.target.closest("[data-close-toast]")) event.target.closest("[data-toast]").remove();
    show();
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-select-item], [data-bulk-all]")) show();
    // A day chosen by hand takes the place of "+7".
    if (event.target.matches(".act-form input[name=date]")) {
      const none = event.target.form.querySelector("input[name=business_days][value='']");
      if (none) none.checked = true;
    }
    if (event.target.matches(".act-form input[name=business_days]") && event.target.value) {
      const day = event.target.form.querySelector("input[name=date]");
      if (day) day.value = "";
    }
  });

  function clear() {
    boxes().forEach((box) => { box.checked = false; });
    document.querySelectorAll("[data-select-page]").forEach((box) => { box.checked = false; });
    show();
  }

  // x chooses the row under the cursor; a letter acts on the chosen rows, or on that row.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (event.defaultPrevented || window.sanderlingWaitsForKey) return;
    const here = document.querySelector("tr.is-chosen [data-select-item]");
    if (event.key === "x" && here) { tick(here, !here.checked); return; }
    if (event.key === "Escape" && chosen().length) { clear(); return; }
    if (event.key === "u") { const undo = [...document.querySelectorAll("[data-undo-last]")].pop(); if (undo) { event.preventDefault(); undo.click(); } return; }
    const button = document.querySelector(`[data-bulk-bar] [data-act-key="${CSS.escape(event.key)}"]`);
    if (!button || (!chosen().length && !here)) return;
    if (!chosen().length) tick(here, true);
    event.preventDefault();
    if (!button.classList.contains("disabled")) button.click();
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.classList?.contains("disabled")) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "act-dialog-body") {
      const dialog = document.getElementById("act-dialog");
      if (!dialog.open) dialog.showModal();
      dialog.querySelector("[autofocus], button[type=submit]")?.focus();
    }
    show();
  });
  document.addEventListener("work-acted", () => {
    document.getElementById("act-dialog")?.close();
    clear();
  });
  addEventListener("DOMContentLoaded", show);
})();
