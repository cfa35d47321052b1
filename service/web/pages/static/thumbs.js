// Thumbnails tell whether they are on their way, here, or will not come: a black picture is none of the others.

import { PAUSES } from "./failure.js";

const failures = new WeakMap(); // image → how often it failed

// Neither event bubbles, so they are caught on their way down; lists change while people search.
document.addEventListener("load", ({ target }) => isThumbnail(target) && tell(target, "loaded"), true);
document.addEventListener("error", ({ target }) => isThumbnail(target) && fail(target), true);

for (const image of document.querySelectorAll(".thumb")) {
  if (image.complete && image.currentSrc) image.naturalWidth ? tell(image, "loaded") : fail(image);
}

function isThumbnail(target) {
  return target instanceof HTMLImageElement && target.classList.contains("thumb");
}

function tell(image, state) {
  image.classList.remove("loaded", "failed");
  image.classList.add(state);
}

function fail(image) {
  tell(image, "failed");
  const times = failures.get(image) ?? 0;
  failures.set(image, times + 1);
  if (times < PAUSES.length) setTimeout(() => image.isConnected && (image.src = image.src), PAUSES[times]);
}
