// Looks again every two seconds while charges are being sent; without it "Look again" does the same.
"use strict";

const AGAIN_MS = 2000;

async function look() {
  const shown = document.querySelector("#sending");
  if (!shown || !("running" in shown.dataset)) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#sending");
    if (!fresh) return; // the session has ended; the links on the page will say so
    const focused = shown.contains(document.activeElement);
    shown.replaceChildren(...fresh.childNodes);
    if (!("running" in fresh.dataset)) delete shown.dataset.running;
    if (focused) shown.querySelector("a, button")?.focus();
  } catch {
    // the network may come back
  }
  setTimeout(look, AGAIN_MS);
}

setTimeout(look, AGAIN_MS);
