// A mask on the grid of the series that is shown: its segments, and the labels of a slice at a time.

import { valuesOf } from "./npy.js";

const MOST = 64; // segments that are asked for one by one
const KEPT = 40; // slices

export class Mask {
  #slices = new Map(); // index → labels, on their way
  #headBytes;

  // `told` is the description of the volume at a URL.
  constructor(url, told) {
    this.url = url;
    this.segments = told.segments;
    this.isFraction = told.mask === "FRACTIONAL";
    [this.number, this.rows, this.columns] = told.shape;
    this.type = told.type;
    this.places = new Map(told.slices.map(({ SOPInstanceUID, frame }, index) => [`${SOPInstanceUID} ${frame}`, index]));
  }

  // Return the labels of the slice that lies where a frame does; nothing where there is none.
  async labels({ uid, frame }) {
    const index = this.places.get(`${uid} ${frame}`);
    if (index === undefined) return null;
    if (!this.#slices.has(index)) this.#slices.set(index, this.#fetched(index));
    if (this.#slices.size > KEPT) this.#slices.delete(this.#slices.keys().next().value);
    return this.#slices.get(index);
  }

  async #fetched(index) {
    const bytes = this.rows * this.columns * valuesOf(this.type, new ArrayBuffer(0)).BYTES_PER_ELEMENT;
    this.#headBytes ??= this.#total().then((total) => total - this.number * bytes);
    const first = (await this.#headBytes) + index * bytes;
    const answer = await fetch(this.url, { headers: { Range: `bytes=${first}-${first + bytes - 1}` } }).catch(() => null);
    if (answer?.status === 206) return valuesOf(this.type, await answer.arrayBuffer());
    this.#slices.delete(index); // to be asked for again
    return null;
  }

  // The array of the whole volume is a file of which each slice is a range.
  async #total() {
    const answer = await fetch(this.url, { headers: { Range: "bytes=0-0" } });
    return Number(answer.headers.get("Content-Range").split("/")[1]);
  }
}

// Return the masks at the URL of a volume: several where segments overlap, or where there are several in a series.
// What there is none of is thrown, with the reason.
export async function masksOf(url, depth = 2) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (answer?.ok && told?.segments) return [new Mask(url, told)];
  const groups = (told?.groups ?? []).filter(({ url, volume, values }) => url && volume && !("layers" in values));
  if (!depth || !groups.length) throw new Error(told?.message ?? "the server does not answer");
  const masks = [];
  for (const group of groups.slice(0, MOST)) masks.push(...(await masksOf(group.url, depth - 1)));
  return masks;
}
