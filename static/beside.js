// Charges and the picture beside each other: what is pointed at or focused lights its other half, and the picture stays
// in sight above the charges.
"use strict";

const picture = document.querySelector("#timeline .scroll");
let pointed;

// A stretch of minutes is for one charge; a bar for all of its stretches and for the drug lines of what it gave.
function chargesOf(target) {
  const part = target?.closest?.("[data-charge]");
  if (part) return [part.dataset.charge];
  const bar = target?.closest?.("svg.timeline a");
  if (!bar) return [];
  const stretches = [...bar.querySelectorAll("[data-charge]")].map((each) => each.dataset.charge);
  return [...stretches, ...(bar.dataset.for ?? "").split(" ")];
}

function partsOf(charge) {
  return charge ? document.querySelectorAll(`[data-charge="${charge}"], [data-for~="${charge}"]`) : [];
}

// Of the two pictures the one that is shown.
function shown(parts) {
  return [...parts].find((part) => part.getClientRects().length && getComputedStyle(part).visibility === "visible");
}

function lightUp() {
  const lit = new Set([pointed, document.activeElement].flatMap(chargesOf).flatMap((charge) => [...partsOf(charge)]));
  for (const part of document.querySelectorAll(".lit")) if (!lit.has(part)) part.classList.remove("lit");
  for (const part of lit) part.classList.add("lit");
}

// Within the picture only: the page itself stays where it is.
function bringIntoPicture() {
  const part = picture && shown(picture.querySelectorAll(".lit"));
  if (!part || picture.contains(document.activeElement) || picture.matches(":hover")) return;
  const frame = picture.getBoundingClientRect();
  const seen = (part.closest("a").parentElement ?? part).getBoundingClientRect();
  if (seen.top < frame.top || seen.bottom > frame.bottom) picture.scrollTop += seen.bottom - frame.bottom + 8;
  const { left, right } = part.getBoundingClientRect();
  if (left < frame.left || right > frame.right) picture.scrollLeft += left - frame.left - frame.width / 4;
}

function lightFrom(event) {
  if (event.type === "mouseover") pointed = event.target;
  lightUp();
  bringIntoPicture();
}

for (const name of ["mouseover", "focusin"]) document.addEventListener(name, lightFrom);
document.addEventListener("focusout", () => setTimeout(lightUp));
document.addEventListener("mouseleave", () => {
  pointed = undefined;
  lightUp();
});

// Once the picture would scroll away it stays, and gives up height as the page goes on, down to a share of the window.
// Nothing below it moves for that. In a small window it scrolls away as anything else does.
const SHARE = 0.4;
const LEAST = 100;
const roomy = matchMedia("screen and (min-width: 821px) and (min-height: 600px)");
const card = document.querySelector("#timeline");
const below = card?.nextElementSibling;
let height = 0;

function hold() {
  const rest = card.getBoundingClientRect().height - picture.getBoundingClientRect().height;
  const whole = rest + height;
  const spare = Math.max(0, whole - Math.max(SHARE * innerHeight, rest + LEAST));
  const gone = whole - below.getBoundingClientRect().top;
  const given = roomy.matches ? Math.min(Math.max(gone, 0), spare) : 0;
  card.classList.toggle("stays", roomy.matches);
  card.classList.toggle("over", roomy.matches && gone > spare);
  picture.style.maxHeight = given ? `${height - given}px` : "";
  card.style.marginBottom = given ? `${given}px` : "";
  document.documentElement.style.scrollPaddingTop = roomy.matches ? `${whole - spare + 16}px` : "";
  bringIntoPicture();
}

function measure() {
  const { scrollTop } = picture;
  picture.style.maxHeight = "";
  height = picture.getBoundingClientRect().height;
  hold();
  picture.scrollTop = scrollTop;
}

// An end that was not charted is what the reader is asked about.
function showOpenEnd() {
  const end = shown(picture.querySelectorAll(".torn"))?.getBoundingClientRect();
  const frame = picture.getBoundingClientRect();
  if (!end) return;
  if (end.right > frame.right) picture.scrollLeft += end.right - frame.left - frame.width / 2;
  if (end.bottom > frame.bottom) picture.scrollTop += end.bottom - frame.top - frame.height / 2;
}

// The whole stay is drawn for the room there is; without a script it shrinks.
function drawForTheRoom() {
  const link = document.querySelector("[data-zoom='0']");
  const address = new URL(link.href);
  address.searchParams.set("wide", Math.floor(picture.clientWidth));
  link.href = address;
}

if (picture) {
  measure();
  showOpenEnd();
  drawForTheRoom();
  if (picture.scrollWidth > picture.clientWidth) document.querySelector("#facts-here").append(" It goes on sideways.");
  addEventListener("scroll", hold, { passive: true });
  addEventListener("resize", measure);
  roomy.addEventListener("change", measure);
  // Whereto the page was opened may lie under the picture now.
  document.querySelector(".refused, :target")?.scrollIntoView({ block: "nearest", behavior: "instant" });
}
