// Moving work: a person's row dragged onto another's fills in the form, which is then checked and sent.
"use strict";

(() => {
  const form = document.querySelector("#move form");
  if (!form) return;
  const rowOf = (event) => event.target.closest?.("tr[data-person]");
  let dragged = null;

  function fill(from, to) {
    form.elements.from_user.value = from;
    if (to) form.elements.to_user.value = to;
    document.getElementById("move").scrollIntoView({ block: "center" });
    (to ? form.querySelector("button.btn-primary") : form.elements.to_user).focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move-from]");
    if (!button) return;
    event.preventDefault();
    fill(button.dataset.moveFrom);
  });
  document.addEventListener("dragstart", (event) => {
    const row = rowOf(event);
    if (!row || event.target.closest("a")) return;
    dragged = row.dataset.person;
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    const row = rowOf(event);
    if (dragged === null || !row || row.dataset.person === dragged) return;
    event.preventDefault();
    row.classList.add("is-target");
  });
  document.addEventListener("dragleave", (event) => rowOf(event)?.classList.remove("is-target"));
  document.addEventListener("drop", (event) => {
    const row = rowOf(event);
    if (dragged === null || !row) return;
    event.preventDefault();
    row.classList.remove("is-target");
    fill(dragged, row.dataset.person);
    dragged = null;
  });
  document.addEventListener("dragend", () => { dragged = null; });
})();
