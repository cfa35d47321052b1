// What every page can do beyond its HTML: search as you type, copy, fold, delete after a second question.

import { search } from "./search.js";

const TYPING = 180; // milliseconds without a key before the search begins

document.addEventListener("keydown", (event) => {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "/" && isPlain && !event.target.closest("input, select, textarea, dialog")) {
    const search = document.querySelector("[data-search]");
    search?.focus();
    search?.select();
    if (search) event.preventDefault();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && isPlain && event.target.closest("[data-search], .row")) walk(event, step);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("copy" in button.dataset) copy(button);
  if (button.dataset.opens) ask(document.getElementById(button.dataset.opens));
  if (button.dataset.toggles) toggle(button);
});

for (const form of document.querySelectorAll("[data-live]")) {
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search(form), TYPING);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    search(form);
  });
}

// From the search into the rows, from row to row, and back.
function walk(event, step) {
  const stops = [...document.querySelectorAll("[data-search], .row")];
  const next = stops[stops.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

async function copy(button) {
  const label = button.textContent;
  await navigator.clipboard.writeText(button.dataset.copy || button.closest("figure").querySelector("code").textContent);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1500);
}

function toggle(button) {
  const section = document.getElementById(button.dataset.toggles);
  section.hidden = !section.hidden;
  button.setAttribute("aria-expanded", String(!section.hidden));
}

function ask(dialog) {
  dialog.returnValue = "no";
  dialog.querySelector(".problem").hidden = true;
  dialog.onclose = () => dialog.returnValue === "yes" && remove(dialog);
  dialog.showModal();
}

async function remove(dialog) {
  const answer = await fetch(dialog.dataset.delete, { method: "DELETE" }).catch(() => null);
  if (answer?.ok || answer?.status === 404) {
    location.assign(dialog.dataset.then);
    return;
  }
  const said = await answer?.json().catch(() => null);
  const problem = dialog.querySelector(".problem");
  problem.textContent = said?.message ?? "The server does not answer.";
  problem.hidden = false;
  dialog.showModal();
}
