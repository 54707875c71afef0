// Sending files shows how far it is. Without it the form goes as forms go.
"use strict";

(() => {
  const page = (root) => root.querySelector("[data-documents-page]");

  // The answer takes the place of what is shown, or leads to where it was sent on.
  function show(request, from) {
    if (request.responseURL && request.responseURL !== from) { location.assign(request.responseURL); return; }
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    const next = page(answer) || answer.querySelector("main");
    const here = page(document);
    if (!next || !here) { location.reload(); return; }
    here.replaceWith(document.importNode(next, true));
    scrollTo(0, 0);
    const said = document.querySelector("[data-documents-page] [role=alert], [data-documents-page] h1");
    if (said) { said.tabIndex = -1; said.focus(); }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-documents-form]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    const progress = form.querySelector("[data-documents-progress]");
    const bar = progress.querySelector("progress");
    const said = progress.querySelector("[data-documents-said]");
    const from = location.href;
    const request = new XMLHttpRequest();
    button.disabled = true;
    progress.hidden = false;
    request.upload.addEventListener("progress", (part) => {
      if (!part.lengthComputable) return;
      bar.value = Math.floor((100 * part.loaded) / part.total);
      said.textContent = part.loaded < part.total ? `Sending: ${bar.value} %. Keep this page open.` : "Sent; being checked and encrypted.";
    });
    request.addEventListener("load", () => show(request, from));
    request.addEventListener("error", () => {
      button.disabled = false;
      said.textContent = "The connection broke: nothing was kept. Press Send again.";
    });
    request.open("POST", from);
    request.send(new FormData(form));
  });
})();
