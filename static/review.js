// Everything works without this file. It says what a bar is, copies, and keeps a second click from sending a form twice.
"use strict";

// Copying needs a script; the text can be selected without one.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      document.execCommand("copy"); // a frame that may not use the clipboard
    }
    button.textContent = "Copied";
  });
}

// What a bar or a stretch of it says, below the picture, for whoever has no pointer to hover with.
const facts = document.querySelector("#facts-here");
if (facts) {
  facts.hidden = false;
  facts.textContent = "Point at a bar, tap it or move to it with Tab to read what it is.";
  const say = (event) => {
    const mark = event.target.closest?.("svg.timeline rect, svg.timeline polygon, svg.timeline a");
    const titled = mark && (mark.querySelector(":scope > title") ?? mark.closest("a")?.querySelector("title"));
    if (!titled) return;
    facts.textContent = titled.textContent;
    facts.classList.add("says");
  };
  document.addEventListener("pointerover", say);
  document.addEventListener("focusin", say);
  // A finger has no way to look without following the link: a tap says it here and stays; the keyboard still follows.
  let touched = false;
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
  });
  document.addEventListener("keydown", () => {
    touched = false;
  });
  document.addEventListener("click", (event) => {
    if (touched && event.target.closest?.("svg.timeline a")) event.preventDefault();
  });
}

// A status that a page opens with is read to nobody; words that come later are.
const told = document.querySelector("[role=status].alert");
const announced = document.querySelector("#announced");
if (told && announced) setTimeout(() => (announced.textContent = told.textContent), 300);

// Every form has the chart read anew, which an EHR may take its time over.
const working = document.querySelector("#working");
let waiting;

// Buttons outside the form belong to it too.
function mark(form, sent) {
  for (const button of form.elements) {
    if (button.type !== "submit") continue;
    if (sent) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("again" in form.dataset || form.method === "dialog") return; // a download leaves the page as it is
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  mark(form, true);
  waiting = setTimeout(() => working?.removeAttribute("hidden"), 500);
});

// Coming back with the browser's Back button shows the page as it was left: forms may be sent again.
window.addEventListener("pageshow", () => {
  clearTimeout(waiting);
  if (working) working.hidden = true;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    mark(form, false);
  }
});
