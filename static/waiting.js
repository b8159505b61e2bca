// Asks every second whether the chart is still being read; without it the page is loaded anew every two seconds.
"use strict";

const AGAIN_MS = 1000;
const ASK = document.currentScript.dataset.ask;

async function look() {
  try {
    const answer = await fetch(ASK);
    if (answer.status !== 202) {
      location.reload();
      return;
    }
  } catch {
    // the network may come back
  }
  setTimeout(look, AGAIN_MS);
}

setTimeout(look, AGAIN_MS);
