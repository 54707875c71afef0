// The meeting: a timer for the point of the agenda, keys, and how many claims are ticked.
// Without it the page says since when, and everything is a link or a button.
"use strict";

const clock = document.querySelector("[data-timer]");
const told = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function tick() {
  const planned = Number(clock.dataset.minutes) * 60;
  const gone = Math.max(0, (Date.now() - Date.parse(clock.dataset.since)) / 1000);
  clock.textContent = `${told(gone)} of ${clock.dataset.minutes} min`;
  clock.classList.toggle("is-over", gone > planned);
}
if (clock) { tick(); setInterval(tick, 1000); }

let afterG = 0;  // "g x" opens a page (app.js): its second key is not ours
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select");
  if (field) {
    if (event.key === "Escape") field.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form?.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "g") { afterG = Date.now(); return; }
  if (Date.now() - afterG < 1500) { afterG = 0; return; }
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (button) { event.preventDefault(); button.click(); return; }
  const form = document.querySelector(`[data-form="${CSS.escape(event.key)}"]`);
  if (form) { event.preventDefault(); form.querySelector("textarea").focus(); }
});

function count() {
  const place = document.querySelector("[data-ticked]");
  if (!place) return;
  const number = document.querySelectorAll('input[name="claims"]:checked').length;
  place.textContent = number ? String(number) : "none";
}
document.addEventListener("change", (event) => { if (event.target.matches('input[name="claims"]')) count(); });
count();
document.querySelector(".agenda-item.is-current")?.scrollIntoView({ inline: "center", block: "nearest" });
