// One file to STOW-RS, and what the receipt says of it. PS3.18 10.5.3, Annex I.

const FAILED = ["00081198", "0008119A"]; // Failed SOP Sequence, Other Failures Sequence
const REFERENCED = "00081199";
const COMMENT = "00000902";
const REASON = "00081197";
const WARNING = "00081196";

// Return `done`, a promise of { kind, reason } with kind stored, refused or cancelled, and `abort`.
export function send(url, file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((settle) => {
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => settle(outcome(request));
    request.onerror = () => settle({ kind: "refused", reason: "The connection broke, or the file cannot be read." });
    request.onabort = () => settle({ kind: "cancelled" });
  });
  request.open("POST", url);
  request.setRequestHeader("Content-Type", "application/dicom");
  request.setRequestHeader("Accept", "application/dicom+json");
  request.send(file);
  return { done, abort: () => request.abort() };
}

function outcome({ status, responseText }) {
  const receipt = parsed(responseText);
  const failed = FAILED.flatMap((tag) => receipt[tag]?.Value ?? [])[0];
  if (status === 200 || (status === 202 && !failed)) {
    const [stored] = receipt[REFERENCED]?.Value ?? [];
    return { kind: "stored", reason: stored?.[WARNING] ? first(stored, COMMENT) : "" };
  }
  const code = failed && first(failed, REASON)?.toString(16).toUpperCase().padStart(4, "0");
  const text = failed ? first(failed, COMMENT) : receipt.message;
  return { kind: "refused", reason: `${text ?? "The server gave no reason"} (${code ?? status})` };
}

function first(item, tag) {
  return item[tag]?.Value?.[0];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
