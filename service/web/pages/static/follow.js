// Parts of this page taken from another one that the server wrote, so that nothing is written twice.

const running = new Map();

// Return another page as a document; nothing if a later call for the same purpose has overtaken this one.
export async function fetchPage(url, purpose) {
  running.get(purpose)?.abort();
  const controller = new AbortController();
  running.set(purpose, controller);
  try {
    const answer = await fetch(url, { signal: controller.signal });
    const text = await answer.text();
    return new DOMParser().parseFromString(text, "text/html");
  } catch {
    return null;
  }
}

// Replace the elements that the selector finds by those of the other page; what is unfolded stays so.
export function follow(other, selector) {
  for (const old of document.querySelectorAll(selector)) {
    const fresh = other.getElementById(old.id) ?? other.getElementById("main"); // of an error, all it says
    if (!fresh) continue; // not a page of ours, as a proxy's error
    for (const details of old.querySelectorAll("details[id][open]")) {
      fresh.querySelector(`#${details.id}`)?.setAttribute("open", "");
    }
    old.replaceChildren(...fresh.childNodes);
  }
}
