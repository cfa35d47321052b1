// A series as a stack: scroll through it, set its window by dragging, by a preset or in numbers.

import { persistently } from "./failure.js";
import { fetchPage, follow } from "./follow.js";
import { Pictures } from "./pictures.js";
import { swipes } from "./swipe.js";
import { Wheel } from "./wheel.js";
import { positive, windowAfterDrag, windowOf, written } from "./window.js";

const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 };
const PAUSE = 250; // milliseconds without a step before what is told about the picture follows

const section = document.querySelector("[data-stack]");
const { stack, rendered, page, gray } = section.dataset;
const stage = section.querySelector(".stage");
const slider = section.querySelector("input[type=range]");
const numbers = section.querySelector("[data-numbers]");
const isGray = gray === "true";

const state = { places: [], at: 0, asked: section.dataset.asked, window: windowOf(section.dataset.window) };
const pictures = new Pictures(stage, urlOf, tell);
let told = stage.querySelector("[data-problem]").textContent; // about what the page was asked for
let pause;

function urlOf(at) {
  const { uid, frame } = state.places[at];
  const query = new URLSearchParams({ accept: "image/jpeg" });
  if (state.asked) query.set("window", state.asked);
  const side = sideOf();
  if (side) query.set("viewport", `${side},${side}`);
  return `${rendered}/${uid}/frames/${frame}/rendered?${query}`;
}

// The size to ask for: none for a picture that is sent as small as it is.
function sideOf() {
  const needed = Math.max(stage.clientWidth, stage.clientHeight) * devicePixelRatio;
  const side = Math.min(2048, Math.ceil(needed / 256) * 256);
  return Number(section.dataset.side) > side || section.dataset.square !== "true" ? side : 0;
}

function show(at) {
  if (!state.places.length) return;
  told = "";
  state.at = Math.max(0, Math.min(state.places.length - 1, at));
  slider.value = state.at + 1;
  pictures.want(state.at, state.places.length);
  clearTimeout(pause);
  pause = setTimeout(settle, PAUSE);
}

// Called with the position that is seen, which may lag behind the one that is wanted, and why there is no picture.
function tell(at, problem) {
  tellProblem(problem || told);
  stage.classList.toggle("fails", Boolean(problem));
  const { uid, number, count, frame, frames } = state.places[at];
  const ofFrames = frames > 1 ? `, frame ${frame} of ${frames}` : "";
  stage.querySelector(".at").textContent = `${number} of ${count}${ofFrames}`;
  slider.setAttribute("aria-valuetext", `${number} of ${count}${ofFrames}`);
  stage.querySelector("img").alt = `Instance ${number} of ${count}${ofFrames}`;
  section.dataset.instance = uid;
  for (const [step, isThere] of [["prev", at > 0], ["next", at < state.places.length - 1]]) {
    section.querySelector(`[data-step=${step}]`).toggleAttribute("aria-disabled", !isThere);
  }
}

// What goes wrong is told in the stage, and the page stays as it is.
function tellProblem(problem) {
  stage.classList.toggle("told", Boolean(problem));
  stage.querySelector("[data-problem]").textContent = problem;
}

// Let the address and all that is told about the instance follow the picture.
async function settle() {
  const { uid, frame } = state.places[state.at];
  const query = new URLSearchParams({ frame });
  if (state.asked) query.set("window", state.asked);
  const url = `${page}/${uid}?${query}`;
  const found = await fetchPage(url, "settle");
  if (!found) return;
  const problem = found.querySelector("[data-problem], #main p")?.textContent;
  if (problem || !found.getElementById("about")) return tellProblem(problem || "The server does not answer.");
  follow(found, "[data-follows]");
  document.title = found.title;
  const own = windowOf(found.querySelector("[data-stack]")?.dataset.window);
  if (isGray && !state.asked) {
    state.window = own;
    tellWindow();
  }
  history.replaceState(null, "", url);
}

function tellWindow() {
  const { window } = state;
  stage.querySelector(".window").textContent = window ? `C ${written(window.center)} W ${written(window.width)}` : "";
  for (const name of ["center", "width"]) numbers.elements[name].value = window ? written(window[name]) : "";
}

function setWindow(asked, window) {
  state.asked = asked;
  state.window = window;
  for (const preset of section.querySelectorAll("[data-preset]")) {
    preset.setAttribute("aria-current", String(preset.dataset.preset === asked));
  }
  tellWindow();
  pictures.forget();
  show(state.at);
}

function setNumbers({ center, width }) {
  if (!Number.isFinite(center) || !Number.isFinite(width)) return;
  const window = { center, width: positive(width) };
  const kind = window.width >= 1 ? "linear" : "linear-exact";
  setWindow(`${written(window.center)},${written(window.width)},${kind}`, window);
}

// The window to begin with where the file names none: the values of the frame but for its extremes.
async function windowOfValues() {
  const { uid, frame } = state.places[state.at];
  const answer = await fetch(`${rendered}/${uid}/frames/${frame}/statistics`).catch(() => null);
  if (!answer?.ok) return null;
  const { percentiles } = await answer.json();
  const [low, high] = [percentiles["1"], percentiles["99"]];
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-6) };
}

function beginDrag(event) {
  if (!isGray || event.button || event.pointerType === "touch" || event.target.closest("button")) return;
  stage.setPointerCapture(event.pointerId);
  const from = { x: event.clientX, y: event.clientY, window: state.window };
  if (!from.window) windowOfValues().then((found) => (from.window = found));
  stage.onpointermove = ({ clientX, clientY }) => {
    if (from.window) setNumbers(windowAfterDrag(from.window, clientX - from.x, clientY - from.y));
  };
  stage.onpointerup = stage.onpointercancel = () => (stage.onpointermove = null);
}

function listen() {
  const wheel = new Wheel();
  stage.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return; // zooms the page
    event.preventDefault();
    const steps = wheel.steps(event);
    if (steps) show(state.at + steps);
  }, { passive: false });
  swipes(stage, { at: () => state.at, count: () => state.places.length, scroll: show });
  stage.addEventListener("pointerdown", beginDrag);
  slider.addEventListener("input", () => show(Number(slider.value) - 1));
  document.addEventListener("keydown", (event) => {
    const types = event.target.closest("input:not([type=range]), select, textarea, dialog, pre");
    if (types || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "r" && isGray) setWindow("", null);
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    show(state.at + STEPS[event.key]);
  });
  section.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-preset], a[data-step]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.step) return show(state.at + (link.dataset.step === "next" ? 1 : -1));
    setWindow(link.dataset.preset, windowOf(link.dataset.values));
  });
  numbers?.addEventListener("submit", (event) => {
    event.preventDefault();
    setNumbers({ center: Number(numbers.elements.center.value), width: Number(numbers.elements.width.value) });
  });
}

async function begin() {
  const slices = await persistently(stack, tellProblem);
  if (!slices || state.places.length) return;
  tellProblem(told);
  state.places = slices.flatMap(([uid, frames], index) =>
    Array.from({ length: frames }, (_, frame) => ({ uid, number: index + 1, count: slices.length, frame: frame + 1, frames })));
  const { instance, frame } = section.dataset;
  state.at = Math.max(0, state.places.findIndex((one) => one.uid === instance && one.frame === Number(frame)));
  slider.max = state.places.length;
  slider.value = state.at + 1;
  slider.disabled = false;
  stage.classList.toggle("drags", isGray);
  stage.classList.toggle("scrolls", state.places.length > 1);
  pictures.adopt(state.at, state.places.length);
  listen();
}

stage.querySelector("[data-retry]").addEventListener("click", () => {
  told = "";
  if (state.places.length) pictures.retry();
  else begin();
});
begin();
