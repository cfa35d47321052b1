// Downloads that may be refused: asked for first, so that the reason is told on the page.

const refusal = document.querySelector(".refusal");

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-checked]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  refusal.hidden = true;
  const end = new AbortController();
  const answer = await fetch(link.href, { signal: end.signal }).catch(() => null);
  if (!answer?.ok) return tell(await answer?.json().catch(() => null), link);
  end.abort();
  location.assign(link.href);
});

// A series of several volumes is refused with an address for each of them.
function tell(refused, link) {
  const paragraph = document.createElement("p");
  paragraph.textContent = `No ${link.textContent}: ${refused?.message ?? "the server does not answer"}.`;
  const list = document.createElement("ul");
  for (const group of refused?.groups ?? []) list.append(itemOf(group));
  refusal.replaceChildren(paragraph, list);
  refusal.hidden = false;
}

function itemOf({ url, slices, values, volume }) {
  const item = document.createElement("li");
  const part = document.createElement(volume ? "a" : "span");
  if (volume) part.href = url;
  part.textContent = Object.entries(values).map(([name, value]) => `${name} ${value}`).join(", ");
  item.append(part, ` (${slices} slices${volume ? "" : ", no volume either"})`);
  return item;
}
