// The editor of a claim: checks while one types, says what is wrong beside the field, moves by keys.
(function () {
  "use strict";

  const form = document.getElementById("correction");
  const panel = document.getElementById("panel");
  if (!form || !panel) {
    return;
  }
  let waiting = null;
  let asked = 0;

  function fieldOf(path) {
    return form.querySelector('[data-field="' + CSS.escape(path) + '"]');
  }

  function markChanged() {
    for (const input of form.querySelectorAll("[data-before]")) {
      const box = input.closest("[data-field]");
      box.classList.toggle("is-changed", input.value.trim() !== input.dataset.before);
    }
  }

  function showFaults() {
    for (const says of form.querySelectorAll(".says")) {
      says.textContent = "";
    }
    for (const input of form.querySelectorAll(".is-invalid")) {
      input.classList.remove("is-invalid");
    }
    for (const fault of panel.querySelectorAll("[data-fault]")) {
      const box = fieldOf(fault.dataset.fault);
      if (!box) {
        continue;
      }
      const line = document.createElement("div");
      line.textContent = fault.textContent;
      line.className = fault.dataset.error ? "text-danger" : "text-warning-emphasis";
      box.querySelector(".says").append(line);
      if (fault.dataset.error) {
        box.querySelector("input, select").classList.add("is-invalid");
        const section = box.closest("details");
        if (section) {
          section.open = true;
        }
      }
    }
  }

  async function check() {
    const number = ++asked;
    const answer = await fetch(form.dataset.check, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
    });
    const text = await answer.text();
    if (number !== asked) {
      return;
    }
    if (!answer.ok) {
      panel.textContent = answer.headers.get("Content-Type").startsWith("text/plain")
        ? text
        : "It could not be checked; send it all the same, or load the page anew.";
      return;
    }
    const isOpen = panel.querySelector("details") && panel.querySelector("details").open;
    panel.innerHTML = text;
    if (isOpen && panel.querySelector("details")) {
      panel.querySelector("details").open = true;
    }
    showFaults();
  }

  function soon() {
    markChanged();
    window.clearTimeout(waiting);
    waiting = window.setTimeout(check, 350);
  }

  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", function (event) {
    const button = event.submitter;
    if (button && button.value === "check") {
      event.preventDefault();
      check();
      return;
    }
    // A second click sends nothing more: the form's key would see to it, this spares the wait.
    window.setTimeout(function () {
      for (const one of form.querySelectorAll("button[type=submit]")) {
        one.disabled = true;
      }
    }, 0);
  });
  window.addEventListener("pageshow", function () {
    for (const one of form.querySelectorAll("button[type=submit]")) {
      one.disabled = false;
    }
  });

  function next() {
    const boxes = Array.from(form.querySelectorAll("[data-field]")).filter(function (box) {
      return box.classList.contains("is-named") || box.querySelector(".is-invalid");
    });
    if (!boxes.length) {
      return;
    }
    const current = boxes.findIndex(function (box) {
      return box.contains(document.activeElement);
    });
    const box = boxes[(current + 1) % boxes.length];
    const section = box.closest("details");
    if (section) {
      section.open = true;
    }
    box.querySelector("input, select").focus();
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[value=send]"));
    } else if (event.altKey && event.key.toLowerCase() === "n") {
      event.preventDefault();
      next();
    }
  });
  document.addEventListener("click", function (event) {
    const link = event.target.closest('a[href^="#f-"]');
    const input = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!input) {
      return;
    }
    event.preventDefault();
    const section = input.closest("details");
    if (section) {
      section.open = true;
    }
    input.focus();
  });
  markChanged();
})();
