// What is done about an answer that did not come: it is asked for again, and its reason is told.

export const PAUSES = [500, 2000, 6000]; // milliseconds before it is asked for again, and again

// Return why there is no picture at a URL, as the server says it.
export async function reasonOf(url) {
  const answer = await fetch(url, { headers: { Accept: "image/*, application/json" } }).catch(() => null);
  if (!answer?.ok) return said(answer);
  answer.body?.cancel();
  return "The picture did not arrive whole.";
}

// Return the JSON at a URL, asked for again as long as it does not come; `tell` is told the reason each time.
export async function persistently(url, tell) {
  for (const pause of [...PAUSES, 0]) {
    const answer = await fetch(url).catch(() => null);
    const content = answer?.ok && (await answer.json().catch(() => null));
    if (content) return content;
    tell(await said(answer));
    if (pause) await new Promise((resume) => setTimeout(resume, pause));
  }
  return null;
}

// Return what an answer that is none says of its error, as a sentence.
async function said(answer) {
  if (!answer) return "The server does not answer.";
  const body = await answer.json().catch(() => null);
  if (!body?.message) return `The server answers with ${answer.status}.`;
  return `${body.message[0].toUpperCase()}${body.message.slice(1)}.`;
}
