// Masks of the study over the picture, in colours with their names: segmentations and structure sets.

import { masksOf } from "./mask.js";

const OPACITY = 110; // of 255
const COLOURS = [[230, 60, 60], [60, 180, 75], [70, 120, 240], [245, 200, 50], [200, 70, 220], [70, 215, 225], [245, 140, 50]];

export class Masks {
  #masks = []; // { mask, colours: number of a segment → red, green, blue; none of those that are hidden }
  #place = null; // of the picture that is seen: { uid, frame }
  #seen = []; // labels that are painted, each with its mask
  #turn = 0;
  #taken = new Set(); // colours, as text

  // `tell` is called when others are seen.
  constructor(panel, canvas, view, tell) {
    this.panel = panel;
    this.canvas = canvas;
    this.view = view;
    this.tell = tell;
    panel.addEventListener("toggle", () => this.#open());
    panel.addEventListener("change", () => this.#paint());
  }

  // Another picture is seen.
  show(place) {
    if (place.uid === this.#place?.uid && place.frame === this.#place.frame) return;
    this.#place = place;
    if (this.panel.open) this.#draw();
  }

  // The picture lies elsewhere on the stage.
  lay() {
    for (const [side, length] of Object.entries(this.view.box)) this.canvas.style[side] = `${length}px`;
  }

  // Return the names of what is shown at a pixel.
  namesAt(column, row) {
    return this.#seen.flatMap(({ mask, labels, colours }) => {
      const value = labels[row * mask.columns + column];
      const number = mask.isFraction && value ? mask.segments[0].number : value;
      return colours.has(number) ? [mask.segments.find((segment) => segment.number === number).label] : [];
    });
  }

  async #open() {
    if (!this.panel.open) return this.#clear();
    const unread = [...this.panel.querySelectorAll("[data-mask]:not([data-read])")];
    for (const box of unread) box.dataset.read = "";
    await Promise.all([this.#draw(), ...unread.map((box) => this.#read(box))]);
  }

  async #read(box) {
    const status = box.querySelector("[role=status]");
    try {
      for (const mask of await masksOf(box.dataset.mask)) {
        const colours = new Map();
        this.#masks.push({ mask, colours });
        for (const segment of mask.segments) box.append(choiceOf(segment, this.#colourOf(segment), colours));
      }
      status.textContent = "";
      await this.#draw();
    } catch ({ message }) {
      status.textContent = `Not on this series: ${message}.`;
    }
  }

  // The colour that the file recommends, or another one where that is taken.
  #colourOf({ rgb }) {
    const free = [rgb, ...COLOURS].find((colour) => colour && !this.#taken.has(String(colour)));
    const colour = free ?? rgb ?? COLOURS[this.#taken.size % COLOURS.length];
    this.#taken.add(String(colour));
    return colour;
  }

  // Fetch what is to be seen, and paint it if it is still wanted then.
  async #draw() {
    this.#clear();
    const turn = this.#turn;
    const place = this.#place;
    if (!place) return;
    const all = await Promise.all(this.#masks.map(async (one) => ({ ...one, labels: await one.mask.labels(place) })));
    if (turn !== this.#turn || !this.panel.open) return;
    this.#seen = all.filter(({ labels }) => labels);
    this.#paint();
  }

  #clear() {
    this.#turn += 1;
    this.#seen = [];
    this.canvas.hidden = true;
  }

  #paint() {
    this.canvas.hidden = !this.#seen.length;
    this.tell();
    if (this.canvas.hidden) return;
    const { rows, columns } = this.#seen[0].mask;
    [this.canvas.width, this.canvas.height] = [columns, rows];
    const image = new ImageData(columns, rows);
    for (const one of this.#seen) paint(image.data, one);
    this.canvas.getContext("2d").putImageData(image, 0, 0);
  }
}

function paint(pixels, { mask, labels, colours }) {
  const table = [];
  for (const [number, colour] of colours) table[number] = colour;
  for (let i = 0; i < labels.length; i++) {
    if (!labels[i]) continue;
    const colour = mask.isFraction ? table[mask.segments[0].number] : table[labels[i]];
    if (!colour) continue;
    pixels.set(colour, 4 * i);
    pixels[4 * i + 3] = mask.isFraction ? labels[i] * OPACITY : OPACITY;
  }
}

// A box to tick for a segment; `colours` has it as long as it is ticked.
function choiceOf({ number, label }, colour, colours) {
  const choice = document.createElement("label");
  const [tick, swatch] = [document.createElement("input"), document.createElement("i")];
  tick.type = "checkbox";
  tick.checked = true;
  const follow = () => (tick.checked ? colours.set(number, colour) : colours.delete(number));
  tick.addEventListener("change", follow);
  swatch.style.background = `rgb(${colour})`;
  choice.append(tick, swatch, label || `Segment ${number}`);
  follow();
  return choice;
}
