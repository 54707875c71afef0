// One call, many claims: a saved note closes its claim and opens the next one's form.
"use strict";

document.addEventListener("work-saved", (event) => {
  const done = event.target.closest(".call-claim");
  if (!done) return;
  done.querySelector(".call-done").hidden = false;
  done.querySelector(".call-note").replaceChildren();
  let next = done.nextElementSibling;
  while (next && !next.matches(".call-claim:not(:has(.call-done:not([hidden])))")) next = next.nextElementSibling;
  next?.querySelector("[hx-get]")?.click();
  next?.scrollIntoView({ block: "nearest" });
});
