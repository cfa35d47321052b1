// The values of the frame that is shown, fetched once: all of it, or a tile after the other of a large one.

import { arrayOf } from "./npy.js";

const WHOLE = 2 ** 22; // pixels of a frame that is fetched at once
const TILE = 512; // pixels in each direction of those of a larger one

export class Values {
  #tiles = new Map(); // where it begins → array, or nothing while it is on its way
  #end = new AbortController();

  // `url` is that of the frame's pixels; `tell` is called when there is something new.
  constructor(url, { rows, columns }, tell) {
    this.url = url;
    this.rows = rows;
    this.columns = columns;
    this.side = rows * columns > WHOLE ? TILE : Math.max(rows, columns);
    this.tell = tell;
  }

  // Return the value of a pixel, or its red, green and blue; nothing as long as it is not here.
  at(column, row) {
    const [left, top] = [column, row].map((place) => place - (place % this.side));
    const key = `${left},${top}`;
    if (!this.#tiles.has(key)) this.#fetch(key, left, top);
    const tile = this.#tiles.get(key);
    if (!tile) return undefined;
    const [, width, samples = 1] = tile.shape;
    const first = ((row - top) * width + column - left) * samples;
    return [...tile.values.subarray(first, first + samples)];
  }

  close() {
    this.#end.abort();
  }

  async #fetch(key, left, top) {
    this.#tiles.set(key, undefined);
    const right = Math.min(this.columns, left + this.side);
    const bottom = Math.min(this.rows, top + this.side);
    const region = this.side === TILE ? `?region=${left},${top},${right},${bottom}` : "";
    try {
      const answer = await fetch(this.url + region, { signal: this.#end.signal });
      if (!answer.ok) return; // as of frames that have no values: no picture of them either
      this.#tiles.set(key, arrayOf(await answer.arrayBuffer()));
      this.tell();
    } catch {} // whoever goes on to another frame needs it no more
  }
}
