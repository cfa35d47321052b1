// Files that are waiting to be sent, taken in batches: bounded in number and bytes, a large file alone.

const FILES = 50;
const BYTES = 16 * 2 ** 20;

export class Batches {
  #waiting = [];
  #at = 0;

  get length() {
    return this.#waiting.length - this.#at;
  }

  add(files) {
    for (const file of files) this.#waiting.push(file);
  }

  // Return the next files; there is at least one.
  take() {
    const start = this.#at;
    let bytes = 0;
    do bytes += this.#waiting[this.#at++].file.size;
    while (this.length && this.#at - start < FILES && bytes + this.#waiting[this.#at].file.size <= BYTES);
    return this.#waiting.slice(start, this.#at);
  }

  // Return those that are not sent any more.
  clear() {
    const left = this.#waiting.slice(this.#at);
    this.#waiting = [];
    this.#at = 0;
    return left;
  }
}

const CLUTTER = /(^|\/)(\._[^/]*|\.ds_store|(eh)?thumbs\.db|desktop\.ini|dicomdir)$|(^|\/)(__macosx|\.trashes|\$recycle\.bin)\//i;

// Whether a file of a folder is one that systems leave there, or the list of a disc: nobody wants to send it.
export function isClutter(path) {
  return path.includes("/") && CLUTTER.test(path);
}
