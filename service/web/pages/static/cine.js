// Frames one after the other, as fast as they come and no faster than they should.

export class Cine {
  #timer;

  // `next` shows the next frame, unless the last one has not come yet; `tell` is called when it starts or stops.
  constructor(next, tell) {
    this.next = next;
    this.tell = tell;
  }

  get isPlaying() {
    return this.#timer !== undefined;
  }

  play(rate) {
    clearInterval(this.#timer);
    this.#timer = setInterval(this.next, 1000 / rate);
    this.tell();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.tell();
  }
}
