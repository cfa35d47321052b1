// What an answer of STOW-RS says of each file: stored, with or without a warning, or refused. PS3.18 Annex I.

const [STORED, FAILED, OTHERS] = ["00081199", "00081198", "0008119A"]; // of these, the last name no instance
const [INSTANCE, COMMENT, REASON, WARNING, URL] = ["00081155", "00000902", "00081197", "00081196", "00081190"];
const HEAD = 4096; // bytes of a file within which its Media Storage SOP Instance UID is found

// Return for each file { kind, reason, study }, or nothing where the answer does not tell it from others.
export async function outcomesOf({ status, text }, files) {
  if (status === "cancelled") return files.map(() => ({ kind: "cancelled" }));
  const receipt = parsed(text);
  const items = [STORED, FAILED, OTHERS].map((tag) => receipt[tag]?.Value ?? []);
  const count = items[0].length + items[1].length + items[2].length;
  if (files.length === 1) return [outcomeOfOne(items, status, receipt)];
  if (count !== files.length) return files.map(() => null);
  return told(items, await Promise.all(files.map(instanceOf)));
}

function outcomeOfOne([[stored], [failed], [other]], status, receipt) {
  if (stored) return outcomeOf(stored, true);
  if (failed ?? other) return outcomeOf(failed ?? other, false);
  if (!status) return { kind: "refused", reason: "The connection broke, or the file cannot be read." };
  return { kind: "refused", reason: `${receipt.message ?? "The server gave no reason"} (${status})` };
}

// Each sequence has its items in the order of the parts. Those that name an instance go to the file that bears the
// same name in its head; the others to the files that are left, if these are as many.
function told([stored, failed, others], instances) {
  const byInstance = new Map();
  for (const [items, isStored] of [[stored, true], [failed, false]]) {
    for (const item of items) {
      const uid = first(item, INSTANCE);
      byInstance.set(uid, [...(byInstance.get(uid) ?? []), outcomeOf(item, isStored)]);
    }
  }
  const outcomes = instances.map((uid) => {
    const own = byInstance.get(uid);
    return own?.length === instances.filter((other) => other === uid).length ? own.shift() ?? null : null;
  });
  const left = outcomes.flatMap((outcome, index) => (outcome ? [] : [index]));
  if (left.length === others.length) left.forEach((index, place) => (outcomes[index] = outcomeOf(others[place], false)));
  return outcomes;
}

function outcomeOf(item, isStored) {
  const comment = first(item, COMMENT);
  if (!isStored) {
    const code = first(item, REASON)?.toString(16).toUpperCase().padStart(4, "0");
    return { kind: "refused", reason: `${comment ?? "The server gave no reason"} (${code})` };
  }
  const study = first(item, URL)?.match(/\/studies\/([^/]+)/)?.[1];
  return { kind: item[WARNING] ? "warned" : "stored", reason: item[WARNING] ? comment ?? "" : "", study };
}

// Return the UID that the head of a file has for its instance; nothing if it has none.
async function instanceOf({ file }) {
  const bytes = new Uint8Array(await file.slice(0, HEAD).arrayBuffer().catch(() => new ArrayBuffer(0)));
  for (let at = 132; at + 8 < bytes.length; at += 1) {
    const isHead = [2, 0, 3, 0, 0x55, 0x49].every((value, index) => bytes[at + index] === value); // (0002,0003) UI
    if (!isHead) continue;
    const length = bytes[at + 6] + 256 * bytes[at + 7];
    return new TextDecoder("latin1").decode(bytes.subarray(at + 8, at + 8 + length)).replace(/[\0 ]+$/, "");
  }
  return undefined;
}

function first(item, tag) {
  return item[tag]?.Value?.[0];
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
