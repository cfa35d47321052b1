// Pictures on their way to the stage: the wanted one first, then its neighbours, the last ones kept.

const KEPT = 80;
const AHEAD = [1, 2, 3, -1, 4, 5, 6, -2];

export class Pictures {
  #kept = new Map(); // url → image that has been decoded
  #wanted = 0;
  #total = 0;
  #busy = false;
  #direction = 1;

  constructor(stage, urlOf, seen) {
    this.stage = stage;
    this.urlOf = urlOf;
    this.seen = seen;
  }

  // Take over the picture that came with the page.
  adopt(at, total) {
    this.#kept.set(this.urlOf(at), this.stage.querySelector("img"));
    this.want(at, total);
  }

  want(at, total) {
    this.#direction = Math.sign(at - this.#wanted) || this.#direction;
    this.#wanted = at;
    this.#total = total;
    if (this.#kept.has(this.urlOf(at))) this.#show(at, this.#kept.get(this.urlOf(at)));
    if (!this.#busy) this.#work();
  }

  forget() {
    this.#kept.clear();
  }

  // One at a time: while scrolling fast, those that are passed by are never asked for.
  async #work() {
    this.#busy = true;
    for (let at = this.#next(); at !== undefined; at = this.#next()) {
      const url = this.urlOf(at);
      const image = await load(url);
      this.#keep(url, image);
      if (at === this.#wanted || !this.#isKept(this.#wanted)) this.#show(at, image);
    }
    this.#busy = false;
  }

  #next() {
    const near = [0, ...AHEAD].map((step) => this.#wanted + step * this.#direction);
    return near.find((at) => at >= 0 && at < this.#total && !this.#isKept(at));
  }

  #isKept(at) {
    return this.#kept.has(this.urlOf(at));
  }

  #keep(url, image) {
    this.#kept.set(url, image);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(old);
    }
  }

  #show(at, image) {
    this.stage.classList.toggle("fails", image.dataset.failed !== undefined);
    this.stage.querySelector("img").replaceWith(image);
    this.seen(at);
  }
}

async function load(url) {
  const image = new Image();
  image.draggable = false;
  image.src = url;
  await image.decode().catch(() => (image.dataset.failed = ""));
  return image;
}
