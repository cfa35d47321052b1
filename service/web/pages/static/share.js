// Links to a study: made, shown once, listed and revoked.

const dialog = document.getElementById("share");
const links = dialog.dataset.links;
const [problem, list, address] = [".problem", ".links", ".address"].map((part) => dialog.querySelector(part));

document.querySelector("[data-shares]").addEventListener("click", async () => {
  address.hidden = problem.hidden = true;
  dialog.showModal();
  await show();
});

dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const link = await asked(`${links}?expires=${event.target.elements.expires.value}`, "POST");
  if (!link) return;
  const field = address.querySelector("input");
  field.value = link.url;
  address.hidden = false;
  field.select();
  await show();
});

address.querySelector("button").addEventListener("click", async (event) => {
  await navigator.clipboard.writeText(address.querySelector("input").value);
  event.target.textContent = "Copied";
  setTimeout(() => (event.target.textContent = "Copy"), 1500);
});

dialog.querySelector("[data-closes]").addEventListener("click", () => dialog.close());

async function show() {
  const made = await asked(links, "GET");
  if (made) list.replaceChildren(...made.map(item));
}

function item(link) {
  const row = document.createElement("li");
  const text = document.createElement("span");
  const until = new Date(link.expires).toLocaleString();
  text.textContent = `Link ${link.id} of ${link.madeBy}, until ${until}`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet danger";
  button.textContent = "Revoke";
  button.addEventListener("click", async () => {
    await asked(`${links}/${link.id}`, "DELETE");
    address.hidden = true;
    await show();
  });
  row.append(text, button);
  return row;
}

// What was answered, true if that is nothing; null after a problem, which is told.
async function asked(url, method) {
  const answer = await fetch(url, { method, headers: { accept: "application/json" } }).catch(() => null);
  problem.hidden = Boolean(answer?.ok);
  if (answer?.ok) return answer.status === 204 || answer.json();
  const said = await answer?.json().catch(() => null);
  problem.textContent = said?.message ?? "The server does not answer.";
  return null;
}
