// The list follows the archive: what arrives appears, what changes or goes does so too. Nothing else moves.

import { fetchPage, follow } from "./follow.js";

const GATHERING = 400; // milliseconds, so that many instances of a study are one look

const results = document.querySelector("[data-feed]");
let stream, waiting;

document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
addEventListener("pagehide", rest);
addEventListener("pageshow", ({ persisted }) => persisted && listen());
if (!document.hidden) open();

// A page that nobody looks at holds no connection: a browser has six of them for all of its tabs.
function rest() {
  stream?.close();
  stream = null;
}

function listen() {
  if (stream) return;
  open();
  look();
}

function open() {
  stream = new EventSource(results.dataset.feed);
  stream.onmessage = () => (waiting ??= setTimeout(look, GATHERING));
}

async function look() {
  waiting = null;
  const address = location.href;
  const found = await fetchPage(address, "live");
  if (!found?.querySelector("[data-feed]") || location.href !== address) return; // a search has overtaken it
  const [list, fresh] = [results, found].map((part) => part.querySelector("ol.rows"));
  if (!list || !fresh) {
    if (list || fresh) follow(found, `#${results.id}`);
    return;
  }
  merge(list, fresh);
  for (const selector of [".count", ".pager"]) replace(selector, found);
}

// Rows that say the same stay as they are, with their picture, and with the focus if they have it.
function merge(list, fresh) {
  const kept = new Map([...list.children].map((row) => [hrefOf(row), row]));
  const stays = new Set([...fresh.children].map(hrefOf));
  for (const [href, row] of kept) if (!stays.has(href)) row.remove();
  const focused = document.activeElement;
  let place = list.firstElementChild;
  for (const row of [...fresh.children]) {
    const old = kept.get(hrefOf(row));
    if (old) update(old, row);
    if (old && old === place) place = place.nextElementSibling;
    else list.insertBefore(old ?? row, place);
  }
  if (list.contains(focused)) focused.focus({ preventScroll: true }); // a row that moves loses it
}

function update(old, row) {
  const [cells, news] = [old, row].map((item) => [...item.querySelectorAll(".row > span")]);
  for (const [index, cell] of news.entries()) {
    if (cells[index]?.innerHTML !== cell.innerHTML) cells[index]?.replaceChildren(...cell.childNodes);
  }
}

function replace(selector, found) {
  const [old, fresh] = [results, found].map((part) => part.querySelector(selector));
  if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceChildren(...fresh.childNodes);
}

function hrefOf(row) {
  return row.querySelector("a").getAttribute("href");
}
