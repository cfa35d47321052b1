// Uploads: files and folders are dropped or chosen, sent a few at a time, and what is refused is listed.

import { fetchPage, follow } from "./follow.js";
import { filesOf } from "./folders.js";
import { send } from "./send.js";

const AT_ONCE = 3;
const LISTED = 60; // files that are done and still in the list
const REFUSED = 500; // refusals that are written out

const section = document.querySelector("[data-upload]");
const list = section.querySelector("[data-current]");
const summary = section.querySelector("[data-summary]");
const total = section.querySelector("[data-total]");
const refusals = section.querySelector("[data-refused]");
const cancel = section.querySelector("[data-cancel]");

const waiting = [];
const active = new Set();
const count = { all: 0, stored: 0, refused: 0 };

section.addEventListener("change", (event) => {
  add([...event.target.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
  event.target.value = "";
});
cancel.addEventListener("click", () => {
  count.all -= waiting.length + active.size;
  waiting.length = 0;
  for (const request of active) request.abort();
});
addEventListener("beforeunload", (event) => active.size && event.preventDefault());

for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    section.hidden = false;
    section.classList.add("dropping");
  });
}
addEventListener("dragleave", (event) => !event.relatedTarget && section.classList.remove("dropping"));
addEventListener("drop", async (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  section.classList.remove("dropping");
  for await (const found of filesOf(event.dataTransfer)) add([found]);
});

function add(found) {
  waiting.push(...found);
  count.all += found.length;
  section.querySelector(".progress").hidden = false;
  while (active.size < AT_ONCE && waiting.length) next();
  tell();
}

function next() {
  const { file, path } = waiting.shift();
  const row = rowOf(path);
  const request = send(section.dataset.upload, file, (share) => (row.bar.value = share));
  active.add(request);
  request.done.then((outcome) => {
    active.delete(request);
    settle(row, path, outcome);
    if (waiting.length) next();
    tell();
    if (!active.size) refresh();
  });
}

function rowOf(path) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const bar = document.createElement("progress");
  const state = document.createElement("small");
  name.textContent = name.title = path;
  bar.setAttribute("aria-label", path);
  bar.max = 1;
  bar.value = 0;
  item.append(name, bar, state);
  list.prepend(item);
  for (const old of [...list.querySelectorAll(".done")].slice(LISTED)) old.remove();
  return { item, bar, state };
}

function settle({ item, bar, state }, path, { kind, reason }) {
  item.classList.add("done");
  if (kind === "cancelled") return item.remove();
  count[kind] += 1;
  bar.value = 1;
  state.textContent = state.className = kind;
  if (reason) note(path, kind, reason);
}

function note(path, kind, reason) {
  refusals.hidden = false;
  const written = refusals.querySelectorAll("li").length;
  refusals.querySelector("summary").textContent = `${count.refused} refused`;
  if (written >= REFUSED) return;
  const item = document.createElement("li");
  const why = document.createElement("small");
  item.textContent = path;
  why.textContent = kind === "stored" ? `Stored, but: ${reason}` : reason;
  item.append(why);
  refusals.querySelector("ul").append(item);
}

function tell() {
  const done = count.stored + count.refused;
  const refused = count.refused ? `, ${count.refused} refused` : "";
  summary.textContent = `${done} of ${count.all} files: ${count.stored} stored${refused}`;
  total.max = count.all || 1;
  total.value = done;
  cancel.hidden = !active.size;
}

async function refresh() {
  const found = await fetchPage(location.href, "search");
  if (found) follow(found, "#results, #filters");
  document.querySelector("#filters").hidden &&= !count.stored;
}
