// One request to STOW-RS with one file or several. PS3.18 10.5.

// Return `done`, a promise of { status, text }, status 0 for none or "cancelled", and `abort`.
export function send(url, files, progress) {
  const request = new XMLHttpRequest();
  const { type, body } = files.length === 1 ? { type: "application/dicom", body: files[0].file } : multipart(files);
  const done = new Promise((settle) => {
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => settle({ status: request.status, text: request.responseText });
    request.onerror = () => settle({ status: 0, text: "" });
    request.onabort = () => settle({ status: "cancelled", text: "" });
  });
  request.open("POST", url);
  request.setRequestHeader("Content-Type", type);
  request.setRequestHeader("Accept", "application/dicom+json");
  request.send(body);
  return { done, abort: () => request.abort() };
}

// The files are parts of a blob, so that the browser reads them while it sends them.
function multipart(files) {
  const boundary = `files-${Array.from(crypto.getRandomValues(new Uint32Array(6)), (part) => part.toString(36)).join("-")}`;
  const parts = files.flatMap(({ file }) => [`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, file, "\r\n"]);
  return {
    type: `multipart/related; type="application/dicom"; boundary="${boundary}"`,
    body: new Blob([...parts, `--${boundary}--\r\n`]),
  };
}
