// Pictures on their way to the stage: the wanted one first, then its neighbours, the last ones kept.

import { PAUSES, reasonOf } from "./failure.js";

const KEPT = 80;
const AHEAD = [1, 2, 3, -1, 4, 5, 6, -2];

export class Pictures {
  #kept = new Map(); // url → image that has been decoded
  #failures = new Map(); // url → { reason, times, isDue }, of those that did not come
  #wanted = 0;
  #total = 0;
  #busy = false;
  #direction = 1;
  #pause;

  // `tell` is called with the position that is seen, and why there is no picture of it, if so.
  constructor(stage, urlOf, tell) {
    this.stage = stage;
    this.urlOf = urlOf;
    this.tell = tell;
  }

  // Take over the picture that came with the page.
  async adopt(at, total) {
    const image = this.stage.querySelector("img");
    const url = this.urlOf(at);
    this.#kept.set(url, image);
    this.want(at, total);
    if (await isWhole(image)) return;
    this.#kept.delete(url);
    if (!this.#busy) this.#work();
  }

  want(at, total) {
    this.#direction = Math.sign(at - this.#wanted) || this.#direction;
    this.#wanted = at;
    this.#total = total;
    clearTimeout(this.#pause);
    const url = this.urlOf(at);
    if (this.#kept.has(url)) this.#show(at, this.#kept.get(url));
    else if (this.#failures.has(url)) this.#fail(at, url);
    if (!this.#busy) this.#work();
  }

  forget() {
    this.#kept.clear();
    this.#failures.clear();
  }

  // Ask for the wanted picture again, as if it had never failed.
  retry() {
    this.#failures.delete(this.urlOf(this.#wanted));
    this.want(this.#wanted, this.#total);
  }

  // One at a time: while scrolling fast, those that are passed by are never asked for.
  async #work() {
    this.#busy = true;
    for (let at = this.#next(); at !== undefined; at = this.#next()) await this.#load(at);
    this.#busy = false;
  }

  async #load(at) {
    const url = this.urlOf(at);
    const image = new Image();
    image.draggable = false;
    image.src = url;
    if (await isWhole(image)) {
      this.#failures.delete(url);
      this.#keep(url, image);
      if (at === this.#wanted || !this.#isKept(this.#wanted)) this.#show(at, image);
      return;
    }
    const times = (this.#failures.get(url)?.times ?? 0) + 1;
    this.#failures.set(url, { times, reason: await reasonOf(url), isDue: false });
    if (at === this.#wanted && url === this.urlOf(at)) this.#fail(at, url);
  }

  #next() {
    const near = [0, ...AHEAD].map((step) => this.#wanted + step * this.#direction);
    return near.find((at) => at >= 0 && at < this.#total && !this.#isKept(at) && this.#isDue(at));
  }

  #isKept(at) {
    return this.#kept.has(this.urlOf(at));
  }

  #isDue(at) {
    return this.#failures.get(this.urlOf(at))?.isDue ?? true;
  }

  #keep(url, image) {
    this.#kept.set(url, image);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(old);
    }
  }

  #show(at, image) {
    this.stage.querySelector("img").replaceWith(image);
    this.tell(at, "");
  }

  // Say why there is no picture, and let it be asked for again after a while, as long as it is wanted.
  #fail(at, url) {
    const failure = this.#failures.get(url);
    this.tell(at, failure.reason);
    clearTimeout(this.#pause);
    if (failure.times > PAUSES.length) return;
    this.#pause = setTimeout(() => {
      failure.isDue = true;
      if (!this.#busy) this.#work();
    }, PAUSES[failure.times - 1]);
  }
}

function isWhole(image) {
  return image.decode().then(() => true, () => false);
}
