// A series as a stack: scroll through it or play it, set its window by dragging, by a preset or in numbers.

import { Cine } from "./cine.js";
import { persistently } from "./failure.js";
import { fetchPage, follow } from "./follow.js";
import { listen } from "./gestures.js";
import { Masks } from "./masks.js";
import { Pictures } from "./pictures.js";
import { Readout } from "./readout.js";
import { rule } from "./ruler.js";
import { View } from "./view.js";
import { positive, windowOf, written } from "./window.js";

const LARGEST = 2048; // pixels of a side that are asked for of a whole picture,
const FINEST = 4096; // and of one that is zoomed
const PAUSE = 250; // milliseconds without a step before what is told about the picture follows

const section = document.querySelector("[data-stack]");
const { stack, rendered, page, gray } = section.dataset;
const stage = section.querySelector(".stage");
const slider = section.querySelector("input[type=range]");
const numbers = section.querySelector("[data-numbers]");
const cinema = section.querySelector(".cine");
const isGray = gray === "true";

const state = { places: [], at: 0, seen: 0, asked: section.dataset.asked, window: windowOf(section.dataset.window) };
let shown = shownOf(section.dataset); // what is known of the frame that is shown
const pictures = new Pictures(stage, urlOf, tell);
const view = new View(stage, stage.querySelector(".sheet"), shown.size, tellView);
const panel = document.querySelector("[data-masks]");
const masks = panel && new Masks(panel, stage.querySelector("canvas"), view, () => readout.tell());
const readout = new Readout(stage.querySelector(".under"), view, (column, row) => masks?.namesAt(column, row) ?? []);
const cine = new Cine(next, tellCine);
let told = stage.querySelector("[data-problem]").textContent; // about what the page was asked for
let pause, finer;

function shownOf({ rows, columns, aspect, readout }) {
  const size = { rows: Number(rows), columns: Number(columns), aspect: Number(aspect) };
  return { size, ...JSON.parse(readout) };
}

function frameUrl(at, resource) {
  const { uid, frame } = state.places[at];
  return `${rendered}/${uid}/frames/${frame}/${resource}`;
}

function urlOf(at) {
  const query = new URLSearchParams({ accept: "image/jpeg" });
  if (state.asked) query.set("window", state.asked);
  const side = sideOf();
  if (side) query.set("viewport", `${side},${side}`);
  return frameUrl(at, `rendered?${query}`);
}

// The size to ask for: none for a picture that is sent as small as it is.
function sideOf() {
  const { rows, columns, aspect } = shown.size;
  const needed = Math.max(stage.clientWidth, stage.clientHeight) * devicePixelRatio;
  const whole = Math.min(LARGEST, Math.ceil(needed / 256) * 256);
  const side = view.scale > 1 ? Math.min(FINEST, whole * 2 ** Math.ceil(Math.log2(view.scale))) : whole;
  return Math.max(rows, columns) > side || aspect !== 1 ? side : 0;
}

function show(at) {
  if (!state.places.length) return;
  told = "";
  const wanted = Math.max(0, Math.min(state.places.length - 1, at));
  if (wanted !== state.at) readout.about(null);
  state.at = wanted;
  slider.value = state.at + 1;
  pictures.want(state.at, state.places.length);
  clearTimeout(pause);
  if (!cine.isPlaying) pause = setTimeout(settle, PAUSE);
}

function scroll(at) {
  if (cine.isPlaying) cine.stop();
  show(at);
}

// The frame after the one that is seen; the first again after the last, of the instance if it has several.
function next() {
  if (state.seen !== state.at) return; // it is on its way
  const { frame, frames } = state.places[state.at];
  if (frames > 1) return show(frame < frames ? state.at + 1 : state.at - frames + 1);
  show((state.at + 1) % state.places.length);
}

// Called with the position that is seen, which may lag behind the one that is wanted, and why there is no picture.
function tell(at, problem) {
  state.seen = at;
  masks?.show(state.places[at]);
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
  if (problem || !found.getElementById("about")) {
    told = problem || "The server does not answer."; // also when the picture comes after it
    return tellProblem(told);
  }
  follow(found, "[data-follows]");
  document.title = found.title;
  const fresh = found.querySelector("[data-stack]")?.dataset;
  if (isGray && !state.asked) {
    state.window = windowOf(fresh?.window);
    tellWindow();
  }
  if (fresh && state.places[state.at].uid === uid && state.places[state.at].frame === frame) tellShown(fresh);
  history.replaceState(null, "", url);
}

function tellShown(fresh) {
  shown = shownOf(fresh);
  view.set(shown.size);
  readout.about({ ...shown, url: frameUrl(state.at, "pixels") });
}

// Another part of the picture is seen. A large one is asked for in more detail when that stays so.
function tellView() {
  rule(stage.querySelector(".ruler"), shown.scale, view.grain);
  stage.querySelector("[data-zoom='0']").hidden = view.scale === 1;
  readout.tell();
  masks?.lay();
  clearTimeout(finer);
  if (state.places.length) finer = setTimeout(() => pictures.want(state.at, state.places.length), PAUSE);
}

function tellCine() {
  cinema.querySelector("[data-play]").textContent = cine.isPlaying ? "Stop" : "Play";
  stage.querySelector(".at").setAttribute("aria-live", cine.isPlaying ? "off" : "polite");
  if (!cine.isPlaying) show(state.at);
}

function play() {
  if (state.places.length < 2) return;
  if (cine.isPlaying) return cine.stop();
  clearTimeout(pause);
  cine.play(rate());
}

function rate() {
  return Math.max(1, Math.min(60, Number(cinema.querySelector("input").value) || 10));
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
  const answer = await fetch(frameUrl(state.at, "statistics")).catch(() => null);
  if (!answer?.ok) return null;
  const { percentiles } = await answer.json();
  const [low, high] = [percentiles["1"], percentiles["99"]];
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-6) };
}

function listenToForms() {
  slider.addEventListener("input", () => scroll(Number(slider.value) - 1));
  cinema.querySelector("input").addEventListener("change", () => cine.isPlaying && cine.play(rate()));
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
  cinema.hidden = state.places.length < 2;
  stage.classList.toggle("drags", isGray);
  stage.classList.toggle("scrolls", state.places.length > 1);
  pictures.adopt(state.at, state.places.length);
  tellShown(section.dataset);
  listen(section, {
    at: () => state.at, count: () => state.places.length, window: () => state.window, isGray,
    scroll, play, setWindow, setNumbers, windowOfValues, view, readout,
  });
  listenToForms();
}

stage.querySelector("[data-retry]").addEventListener("click", () => {
  told = "";
  if (state.places.length) pictures.retry();
  else begin();
});
begin();
