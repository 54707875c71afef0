// Chooses all shown claims at once, and tells how many are chosen.
"use strict";

function countChosen() {
  const boxes = document.querySelectorAll("input[name=claim][type=checkbox]");
  const chosen = [...boxes].filter((box) => box.checked).length;
  const all = document.querySelector("[data-choose-all]");
  if (all) all.checked = chosen > 0 && chosen === boxes.length;
  const told = document.querySelector("[data-chosen]");
  if (told) told.textContent = chosen ? `${chosen} chosen` : "None chosen";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) {
    document.querySelectorAll("input[name=claim][type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
  }
  if (event.target.matches("[data-choose-all], input[name=claim]")) countChosen();
});
document.addEventListener("DOMContentLoaded", countChosen);
