// The worklist: keys, selection, the drawer. Without it rows are links and forms still work.
"use strict";

(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const every = (selector, root = document) => [...root.querySelectorAll(selector)];
  const drawer = () => find("#work-drawer");
  const rows = () => every("tr[data-item]");
  const chosen = () => find("tr[data-item].is-chosen");

  function choose(row) {
    rows().forEach((one) => one.classList.toggle("is-chosen", one === row));
    row?.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(chosen());
    choose(list[Math.min(list.length - 1, Math.max(0, at + by))]);
    if (!drawer().hidden) open(chosen());
  }

  let opened = "";
  async function open(row, then) {
    if (!row) return;
    choose(row);
    opened = row.dataset.item;
    drawer().hidden = false;
    await htmx.ajax("GET", row.dataset.itemUrl, { target: "#work-drawer", swap: "innerHTML" });
    if (opened !== row.dataset.item) return;
    if (then) then(); else drawer().focus({ preventScroll: true });
  }

  function close() {
    opened = "";
    drawer().hidden = true;
    drawer().replaceChildren();
    chosen()?.querySelector("a")?.focus({ preventScroll: true });
  }

  // Selection: rows, the page, the whole view.
  const boxes = () => every('#work-form input[name="item"]');
  function selected() {
    const all = boxes();
    const count = all.filter((box) => box.checked).length;
    all.forEach((box) => box.closest("tr").classList.toggle("is-picked", box.checked));
    const page = find("[data-select-page]");
    if (page) { page.checked = count > 0 && count === all.length; page.indeterminate = count > 0 && count < all.length; }
    const offer = find("[data-select-all]");
    if (offer) offer.hidden = !count || count < all.length;
    if (count < all.length) wholeView(false);
    find("#work-form")?.dispatchEvent(new CustomEvent("work-selected", { bubbles: true, detail: { count, all: find("[data-select-all-value]")?.value === "1" } }));
  }

  function wholeView(is) {
    const value = find("[data-select-all-value]");
    if (!value || (value.value === "1") === is) return;
    value.value = is ? "1" : "";
    const button = find("[data-select-whole]");
    if (button) button.textContent = is ? "The whole view is selected: only this page" : button.dataset.text;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-page]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches('[data-select-page], #work-form input[name="item"]')) selected();
  });

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest("[data-close-drawer]")) return close();
    if (target.closest("[data-close-panel]")) return find("#work-panel").replaceChildren();
    const whole = target.closest("[data-select-whole]");
    if (whole) {
      whole.dataset.text ||= whole.textContent;
      wholeView(find("[data-select-all-value]").value !== "1");
      return selected();
    }
    const up = target.closest("[data-column-up]");
    if (up) { const item = up.closest("li"); item.previousElementSibling?.before(item); return up.focus(); }
    const sorter = target.closest("a.sorter[data-also]");
    if (sorter && event.shiftKey) { event.preventDefault(); location.href = sorter.dataset.also; return undefined; }
    // One menu at a time.
    every("details.work-menu[open], details.rail-edit[open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
    const link = target.closest("a[data-drawer]");
    const row = target.closest("tr[data-item]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
    if (link || !target.closest("a, button, input, select, label, summary")) { event.preventDefault(); open(row); }
    return undefined;
  });
  document.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tr[data-item]");
    if (row && !event.target.closest("a, button, input")) location.href = row.dataset.claimUrl;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || find("dialog[open]")) return;
    if (event.key === "Escape") {
      const menu = find("details.work-menu[open], details.rail-edit[open]");
      if (menu) { menu.open = false; find("summary", menu).focus(); } else if (!drawer()?.hidden) close();
      return;
    }
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (document.body.dataset.waitsForKey) return;
    const row = chosen();
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
    const does = {
      j: () => step(1),
      k: () => step(-1),
      Enter: () => row && open(row),
      x: () => { if (row) { const box = find('input[name="item"]', row); if (box) { box.checked = !box.checked; selected(); } } },
      n: () => { const note = () => find("#work-drawer [data-note]")?.click(); if (row && drawer().hidden) open(row, note); else note(); },
    }[event.key];
    if (!does) return;
    // Ours alone: rows here open beside the list (app.js would leave the page).
    event.preventDefault();
    event.stopImmediatePropagation();
    does();
  }, true);

  // "g" begins an address of two keys (app.js): the second is not ours.
  let waiting;
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (document.body.dataset.waitsForKey) { clearTimeout(waiting); setTimeout(() => { delete document.body.dataset.waitsForKey; }, 0); return; }
    if (event.key !== "g" || event.ctrlKey || event.metaKey || event.altKey) return;
    document.body.dataset.waitsForKey = "1";
    waiting = setTimeout(() => { delete document.body.dataset.waitsForKey; }, 1500);
  }, true);

  // A saved note: the drawer shows it, and the row what became of it.
  document.body.addEventListener("work-saved", () => {
    const row = rows().find((one) => one.dataset.item === opened);
    if (row) open(row);
  });

  // What was done in bulk changes rows and counts: both are shown anew, the cursor stays.
  document.body.addEventListener("work-acted", async () => {
    const at = chosen()?.dataset.item;
    await htmx.ajax("GET", location.href, { target: ".work", select: ".work", swap: "outerHTML" });
    const row = at && find(`#item-${at}`);
    if (row) choose(row);
    selected();
  });

  addEventListener("DOMContentLoaded", () => {
    const keys = find("#work-keys");
    if (keys) find("#keyboard-help tbody")?.append(keys.content.cloneNode(true));
    if (matchMedia("(max-width: 991.98px)").matches) { const fold = find(".work-rail-fold"); if (fold) fold.open = false; }
    selected();
  });
})();
