// Looks for notices every 45 seconds while somebody works; who is idle is let go by the session.
"use strict";

(() => {
  const EVERY = 45_000;
  let isActive = true;
  for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    addEventListener(name, () => { isActive = true; }, { passive: true });
  }
  setInterval(() => {
    if (!isActive || document.visibilityState !== "visible") return;
    isActive = false;
    // "look": the bell; others (a lock in focus mode) look at the same time.
    document.body.dispatchEvent(new CustomEvent("look"));
  }, EVERY);
  // What was told in this tab is not told again on its next page.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id === "bell") event.detail.parameters.seen = sessionStorage.getItem("seen") || "";
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const newest = event.target.id === "bell" && event.target.querySelector("[data-newest]");
    if (newest) sessionStorage.setItem("seen", newest.dataset.newest);
  });
  document.addEventListener("click", (event) => event.target.closest("[data-close-toast]")?.closest("[data-toast]").remove());
})();
