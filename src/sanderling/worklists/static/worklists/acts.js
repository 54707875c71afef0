// Acts on chosen rows: which buttons fit, the dialog, toasts, keys. Without it the buttons lead to
// pages of their own.
"use strict";

(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const every = (selector, root = document) => [...root.querySelectorAll(selector)];
  const chosen = () => every('input[name="item"]:checked');
  let isWholeView = false;

  // A kind that fits no chosen row is greyed, with the reason; one that fits some says how many.
  function fit(button, rows) {
    const not = (button.dataset.not || "").split(" ").filter(Boolean);
    const words = (box) => (box.closest("[data-is]")?.dataset.is || "").split(" ");
    const left = rows.filter((box) => not.some((word) => words(box).includes(word))).length;
    const isImpossible = rows.length > 0 && left === rows.length;
    button.setAttribute("aria-disabled", String(isImpossible));
    button.classList.toggle("disabled", isImpossible);
    const why = button.dataset.why;
    button.title = isImpossible ? `Each of them ${why}` : left ? `${left} of ${rows.length} will be left out: ${why}` : "";
  }

  function show() {
    const bar = find("[data-bulk-bar]");
    if (!bar) return;
    const rows = chosen();
    bar.hidden = !rows.length;
    const count = isWholeView ? "All claims of this view" : `${rows.length} claim${rows.length === 1 ? "" : "s"}`;
    find("[data-bulk-count]", bar).textContent = `${count}:`;
    every("button[name=kind]", bar).forEach((button) => fit(button, isWholeView ? [] : rows));
  }

  function dialog() {
    let box = find("#act-dialog");
    if (box) return box;
    // Outside of the rows' form: a form inside a form is none.
    box = document.createElement("dialog");
    box.id = "act-dialog";
    box.className = "keyboard-help act-dialog";
    box.setAttribute("aria-labelledby", "act-title");
    const body = document.createElement("div");
    body.id = "act-dialog-body";
    box.append(body);
    document.body.append(box);
    return box;
  }

  document.addEventListener("work-selected", (event) => { isWholeView = Boolean(event.detail?.all); show(); });
  document.addEventListener("change", (event) => {
    if (event.target.matches('input[name="item"]')) show();
    // A day chosen by hand takes the place of "+7", and the other way round.
    const form = event.target.closest(".act-form");
    if (!form) return;
    if (event.target.name === "date") { const none = find("input[name=business_days][value='']", form); if (none) none.checked = true; }
    if (event.target.name === "business_days" && event.target.value) { const day = find("input[name=date]", form); if (day) day.value = ""; }
  });
  document.addEventListener("click", (event) => {
    const closes = event.target.closest("[data-close-dialog]");
    if (closes?.closest("dialog")) { event.preventDefault(); closes.closest("dialog").close(); }
    if (event.target.closest("[data-bulk-bar] .disabled")) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  // Letters act on the chosen rows, or on the row under the cursor; u takes the latest act back.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || find("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (document.body.dataset.waitsForKey) return;
    if (event.key === "u") { every("[data-undo-last]").pop()?.click(); return; }
    const button = find(`[data-bulk-bar] [data-act-key="${CSS.escape(event.key)}"]`);
    const here = find('tr.is-chosen input[name="item"]');
    if (!button || (!chosen().length && !here)) return;
    event.preventDefault();
    if (!chosen().length) { here.checked = true; here.dispatchEvent(new Event("change", { bubbles: true })); }
    button.click();
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.matches?.("[data-bulk-bar] .disabled")) event.preventDefault();
  });
  // Settled, not only swapped: before that the form is not yet htmx's own.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "act-dialog-body" && !event.target.closest?.("#act-dialog")) return;
    if (!dialog().open) dialog().showModal();
    const first = ["[autofocus]", ".act-form input:checked", ".act-form input:not([type=hidden])", "button[type=submit]"];
    first.map((selector) => find(selector, dialog())).find(Boolean)?.focus();
  });
  document.addEventListener("work-acted", () => {
    find("#act-dialog")?.close();
    every('input[name="item"]:checked').forEach((box) => { box.checked = false; });
    isWholeView = false;
    show();
  });
  addEventListener("DOMContentLoaded", () => { dialog(); show(); });
})();
