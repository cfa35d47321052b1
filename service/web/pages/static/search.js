// A search as its form says it: the results follow, and the address.

import { fetchPage, follow } from "./follow.js";

export async function search(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value);
  const url = new URL(form.action);
  url.search = new URLSearchParams(filled);
  const found = await fetchPage(url, "search");
  if (!found) return;
  follow(found, `#${form.dataset.live}`);
  history.replaceState(null, "", url);
}
