// Focus mode: saved means next; keys; the claim is let go with the page.
"use strict";

(() => {
  const find = (selector) => document.querySelector(selector);
  const next = () => { isGoingOn = true; find("#focus-next")?.requestSubmit(); };
  // After these the claim waits or is somebody else's; after others one goes on with it.
  const DONE = ["defer", "pend", "assign", "write_off", "request_documents", "escalate"];
  let isGoingOn = false;

  document.addEventListener("work-saved", next);
  document.addEventListener("work-acted", (event) => {
    if (DONE.includes(event.detail?.kind)) next();
    else { isGoingOn = true; location.reload(); }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || find("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const control = find(`[data-focus-key="${CSS.escape(event.key)}"]`);
    if (!control) return;
    event.preventDefault();
    control.click();
    if (control.matches("summary")) control.parentElement.querySelector("button")?.focus();
  });

  // Any form or link of the page goes on; closing the tab lets the claim go.
  document.addEventListener("submit", () => { isGoingOn = true; });
  addEventListener("pagehide", () => {
    const leave = find("#focus-leave");
    if (isGoingOn || !leave) return;
    fetch(leave.action, { method: "POST", keepalive: true, headers: { "X-Leaving": "1" }, body: new URLSearchParams(new FormData(leave)) });
  });
})();
