// The review page from the keyboard. A key only moves the focus or opens something; Enter is what decides.
// The keys stand in the page's own table (_keys.html); they can be switched off there (WCAG 2.1.4).
"use strict";

const OFF = "infusion-charges-keys-off";
const help = document.querySelector("#keys");

function remembered() {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false; // a frame without storage
  }
}

function remember(off) {
  try {
    localStorage.setItem(OFF, off ? "yes" : "no");
  } catch {
    // it holds for this page only
  }
}

let off = remembered();

function reach(element) {
  if (!element) return;
  for (const fold of document.querySelectorAll("details:not([open])")) {
    if (fold.contains(element) && !fold.querySelector("summary").contains(element)) fold.open = true;
  }
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "center" });
}

function step(selector, by) {
  const all = [...document.querySelectorAll(selector)];
  const here = all.indexOf(document.activeElement?.closest?.(selector));
  const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1);
  reach(all[next]);
}

function here() {
  return document.activeElement?.closest?.("tbody.charge") ?? document.querySelector("tbody.charge");
}

function unfold(name) {
  const fold = here()?.querySelector(`details[data-fold="${name}"]`);
  if (!fold) return;
  fold.open = true;
  reach(fold.querySelector("input:not([type=hidden]), select") ?? fold.querySelector("summary"));
}

function takeBack() {
  const undo = here()?.querySelector("[data-do=undo]");
  if (undo) reach(undo);
  else if (here()?.classList.contains("is-sent")) unfold("dismiss"); // what is in the EHR is taken back by dismissing it
}

function zoom(by) {
  const links = [...document.querySelectorAll("[data-zoom]")];
  links[links.findIndex((link) => link.ariaCurrent === "true") + by]?.click();
}

const DO = {
  "?": () => help.showModal(),
  a: () => reach(document.querySelector("#accept-all")),
  c: () => reach(document.querySelector("#confirm input[type=radio]")),
  j: () => step("tbody.charge", 1),
  k: () => step("tbody.charge", -1),
  y: () => reach(here()?.querySelector("[data-do=accept]")),
  u: takeBack,
  w: () => unfold("why"),
  e: () => unfold("edit"),
  d: () => unfold("dismiss"),
  q: () => step("li.question", 1),
  t: () => reach(document.querySelector("#timeline .scroll")),
  "+": () => zoom(1),
  "-": () => zoom(-1),
  r: () => reach(document.querySelector("#refresh")),
  n: () => reach(document.querySelector("#next-encounter")),
  b: () => reach(document.querySelector("#worklist")),
};

function isTyping(target) {
  return target.closest?.("textarea, select, input:not([type=radio], [type=checkbox])") !== null;
}

document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || help?.open) return;
  const action = DO[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

if (help) {
  const shown = document.querySelector("#show-keys");
  shown.hidden = false;
  shown.addEventListener("click", () => help.showModal());
  const choice = help.querySelector("#keys-off");
  choice.checked = off;
  choice.addEventListener("change", () => {
    off = choice.checked;
    remember(off);
  });
}
