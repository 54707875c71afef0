// The form of a touch by keys alone: a number chooses the scenario, Ctrl+Enter saves, n goes to it.
"use strict";

(() => {
  const form = () => document.querySelector("[data-note-form]");
  const isTyping = (event) => event.target.closest("input, textarea, select, [contenteditable]");
  let afterG = false; // "g n" opens a page; its second letter is not ours

  document.addEventListener("keydown", (event) => {
    const box = form();
    if (!box || document.querySelector("dialog[open]")?.contains(box) === false) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && box.contains(event.target)) {
      event.preventDefault();
      box.querySelector("[data-note-save]")?.click();
      return;
    }
    if (event.ctrlKey || event.metaKey) return;
    const digit = /^Digit[1-9]$/.test(event.code) ? event.code.slice(5) : "";
    if (digit && !event.shiftKey && (event.altKey || !isTyping(event))) {
      const choice = box.querySelector(`[data-note-key="${digit}"]`);
      if (choice) { event.preventDefault(); choice.click(); }
      return;
    }
    if (event.altKey || isTyping(event)) return;
    if (afterG) { afterG = false; return; }
    if (event.key === "g") { afterG = true; setTimeout(() => { afterG = false; }, 1500); return; }
    if (event.key === "n") {
      event.preventDefault();
      box.scrollIntoView({ block: "nearest" });
      (box.querySelector("form select, form input:not([type=hidden])") || box.querySelector("a"))?.focus();
    }
  });

  // After a scenario was chosen the first field that waits for an answer has the cursor; after a
  // refusal the first that was refused.
  document.addEventListener("htmx:afterSwap", () => {
    const box = form();
    if (!box || box.dataset.noteSeen) return;
    box.dataset.noteSeen = "yes";
    startClock(box);
    const saved = box.querySelector("[data-note-saved]");
    if (saved) { saved.focus(); return; }
    if (!box.querySelector("form")) return;
    const wrong = box.querySelector("[aria-invalid=true]");
    if (wrong) { wrong.focus(); return; }
    const active = document.activeElement;
    if (active && active !== document.body && box.contains(active) && active.closest("form")) return;
    const fields = [...box.querySelectorAll(".note-fields input:not([type=hidden]):not([type=file]), .note-fields select, .note-fields textarea")];
    const empty = fields.filter((field) => !field.value);
    (empty.find((field) => field.ariaRequired) || empty[0] || fields[0])?.focus();
  });

  // How long it takes, in the field's own words; the server measures for itself.
  let timer;
  function startClock(box) {
    clearInterval(timer);
    const field = box.querySelector("[data-note-clock]");
    if (!field) return;
    const key = box.querySelector("[name=clock]").value;
    const began = startClock.key === key ? startClock.began : Date.now();
    Object.assign(startClock, { key, began });
    timer = setInterval(() => {
      const seconds = Math.floor((Date.now() - began) / 1000);
      field.placeholder = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} so far`;
    }, 1000);
  }
  addEventListener("DOMContentLoaded", () => { const box = form(); if (box) startClock(box); });

  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
})();
