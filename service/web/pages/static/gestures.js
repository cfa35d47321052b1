// What wheel, pointer, fingers, keys and buttons do with the picture.

import { dragged } from "./drag.js";
import { swipes } from "./swipe.js";
import { Wheel } from "./wheel.js";
import { windowAfterDrag, windowOf } from "./window.js";

const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 };
const ZOOMS = { "+": 2, "=": 2, "-": 0.5, 0: 0 };
const MOVES = { ArrowUp: [0, 60], ArrowLeft: [60, 0], ArrowDown: [0, -60], ArrowRight: [-60, 0] }; // pixels

// `picture` tells where in the stack it is, and does what is asked for.
export function listen(section, picture) {
  const stage = section.querySelector(".stage");
  listenToWheel(stage, picture);
  listenToPointer(stage, picture);
  swipes(stage, picture);
  document.addEventListener("keydown", (event) => press(event, picture));
  section.addEventListener("click", (event) => click(event, picture));
}

function listenToWheel(stage, { view, at, scroll }) {
  const wheel = new Wheel();
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) return view.wheel(event);
    const steps = wheel.steps(event);
    if (steps) scroll(at() + steps);
  }, { passive: false });
}

function listenToPointer(stage, picture) {
  const { readout, view } = picture;
  const isFinger = ({ pointerType }) => pointerType === "touch";
  stage.addEventListener("pointerdown", (event) => beginDrag(stage, event, picture));
  stage.addEventListener("pointermove", (event) => isFinger(event) || readout.point(event));
  stage.addEventListener("pointerleave", (event) => isFinger(event) || readout.point(null));
  stage.addEventListener("click", (event) => event.target.closest("button") || readout.point(event)); // a tap
  stage.addEventListener("dblclick", (event) => event.target.closest("button") || view.reset());
}

// The window by dragging; the picture itself with Shift, with the middle button, or where there is no window.
function beginDrag(stage, event, { isGray, view, window, windowOfValues, setNumbers }) {
  if (event.button > 1 || event.pointerType === "touch" || event.target.closest("button")) return;
  if (!isGray || event.shiftKey || event.button) {
    event.preventDefault(); // of the middle button, scrolling by itself
    return dragged(stage, event, ({ stepX, stepY }) => view.move(stepX, stepY));
  }
  const from = { window: window() };
  if (!from.window) windowOfValues().then((found) => (from.window = found));
  dragged(stage, event, ({ x, y }) => from.window && setNumbers(windowAfterDrag(from.window, x, y)));
}

function press(event, { isGray, view, at, count, scroll, play, setWindow }) {
  const { key, target } = event;
  const types = target.closest("input:not([type=range], [type=checkbox]), select, textarea, dialog, pre");
  if (types || event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === "r" && isGray) return setWindow("", null);
  if (key === " " && (count() < 2 || target.closest("a, button, summary, input"))) return;
  if (!(key in STEPS || key in ZOOMS || key === " ")) return;
  event.preventDefault();
  if (key === " ") play();
  else if (key in ZOOMS) zoom(view, ZOOMS[key]);
  else if (event.shiftKey && key in MOVES && view.scale > 1) view.move(...MOVES[key]);
  else scroll(at() + STEPS[key]);
}

function click(event, { view, at, scroll, play, setWindow }) {
  const button = event.target.closest("button[data-zoom], button[data-play]");
  if (button) return "play" in button.dataset ? play() : zoom(view, Number(button.dataset.zoom));
  const link = event.target.closest("a[data-preset], a[data-step]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.dataset.step) return scroll(at() + (link.dataset.step === "next" ? 1 : -1));
  setWindow(link.dataset.preset, windowOf(link.dataset.values));
}

function zoom(view, factor) {
  if (factor) view.zoom(factor);
  else view.reset();
}
