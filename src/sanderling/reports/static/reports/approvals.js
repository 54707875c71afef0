// Chooses all drafts that this person may approve, and tells how many are chosen.
"use strict";

function countDrafts() {
  const boxes = [...document.querySelectorAll("input[name=report]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = document.querySelector("[data-choose-all]");
  if (all) all.checked = chosen > 0 && chosen === boxes.length;
  const told = document.querySelector("[data-chosen]");
  if (told) told.textContent = chosen ? `${chosen} chosen` : "Choose all";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) {
    document.querySelectorAll("input[name=report]").forEach((box) => { box.checked = event.target.checked; });
  }
  if (event.target.matches("[data-choose-all], input[name=report]")) countDrafts();
});
document.addEventListener("DOMContentLoaded", countDrafts);
