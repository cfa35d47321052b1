// Uploads: files and folders are dropped or chosen, sent in batches, and what became of them is told in a panel.

import { Batches, isClutter } from "./batches.js";
import { filesOf } from "./folders.js";
import { Outcomes } from "./outcomes.js";
import { outcomesOf } from "./receipt.js";
import { search } from "./search.js";
import { send } from "./send.js";

const AT_ONCE = 3;

const section = document.querySelector("[data-upload]");
const panel = section.querySelector("[data-panel]");
const list = panel.querySelector("[data-current]");
const summary = panel.querySelector("[data-summary]");
const total = panel.querySelector("[data-total]");
const cancel = panel.querySelector("[data-cancel]");
const close = panel.querySelector("[data-close]");

const batches = new Batches();
const outcomes = new Outcomes(panel);
const active = new Set(); // requests under way, each with the bytes that are gone
let all, clutter, bytes, sent;
reset();

section.addEventListener("change", (event) => {
  add([...event.target.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
  event.target.value = "";
});
cancel.addEventListener("click", () => {
  for (const { file } of batches.clear()) forget(file);
  for (const request of active) {
    request.isCancelled = true;
    request.abort();
  }
});
close.addEventListener("click", () => {
  panel.hidden = true;
  reset();
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

function reset() {
  outcomes.clear();
  [all, clutter, bytes, sent] = [0, 0, 0, 0];
}

function add(found) {
  const files = found.filter(({ path }) => !isClutter(path));
  clutter += found.length - files.length;
  batches.add(files);
  all += files.length;
  for (const { file } of files) bytes += file.size;
  panel.hidden = false;
  while (active.size < AT_ONCE && batches.length) work();
  tell();
}

// Send one batch after the other, until none is left; one that fails ends none of the others.
async function work() {
  const request = { gone: 0, isCancelled: false, abort: () => {} };
  active.add(request);
  while (batches.length) await sendAll(batches.take(), request);
  active.delete(request);
  tell();
  if (!active.size) refresh();
}

// Send files together; those of which the answer does not tell what became of them are sent again, each alone.
async function sendAll(files, request) {
  const row = rowOf(files);
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  const sending = send(target(), files, (share) => {
    row.bar.value = share;
    request.gone = share * size;
    tell();
  });
  request.abort = sending.abort;
  tell();
  const results = await outcomesOf(await sending.done, files);
  row.item.remove();
  request.gone = 0;
  for (const [index, result] of results.entries()) {
    if (result || request.isCancelled) settle(files[index], result ?? { kind: "cancelled" });
    else await sendAll([files[index]], request);
  }
  tell();
}

function settle({ file, path }, result) {
  if (result.kind === "cancelled") return forget(file);
  sent += file.size;
  outcomes.note(path, result);
}

function forget({ size }) {
  all -= 1;
  bytes -= size;
}

// Where files go; people of several tenants say to which they belong.
function target() {
  const tenant = section.querySelector("[data-tenant]")?.value;
  return section.dataset.upload + (tenant ? `?tenant=${encodeURIComponent(tenant)}` : "");
}

function rowOf(files) {
  const [item, name, bar] = ["li", "span", "progress"].map((kind) => document.createElement(kind));
  name.textContent = files.length > 1 ? `${files[0].path} and ${files.length - 1} more` : files[0].path;
  bar.setAttribute("aria-label", name.textContent);
  bar.max = 1;
  bar.value = 0;
  item.append(name, bar);
  list.append(item);
  return { item, bar };
}

function tell() {
  const { stored, warned, refused } = outcomes.count;
  const parts = [`${stored + warned} stored`, warned && `${warned} of them with a warning`, refused && `${refused} refused`, clutter && `${clutter} passed over`];
  summary.textContent = `${stored + warned + refused} of ${all} files: ${parts.filter(Boolean).join(", ")}`;
  total.max = bytes || 1;
  total.value = sent + [...active].reduce((sum, { gone }) => sum + gone, 0) || (all ? 0 : 1);
  total.hidden = cancel.hidden = !active.size;
  close.hidden = Boolean(active.size);
}

// The list with what came last on top.
async function refresh() {
  const filters = document.querySelector("#filters");
  const { stored, warned } = outcomes.count;
  if (!stored && !warned) return;
  filters.hidden = false;
  filters.elements.sort.value = "added";
  await search(filters);
}
