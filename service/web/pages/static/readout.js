// What is under the pointer: the value of a pixel in its unit, and where it lies in the patient.

import { Values } from "./values.js";

const AXES = ["x", "y", "z"];

export class Readout {
  #frame = null; // { url, size, unit, place } of the frame that is shown and known
  #values = null;
  #point = null;

  // `names` tells of a column and row what else is there.
  constructor(output, view, names) {
    this.output = output;
    this.view = view;
    this.names = names;
  }

  // Another frame is shown, of which nothing is known as long as there is none.
  about(frame) {
    if (frame?.url !== this.#frame?.url) {
      this.#values?.close();
      this.#values = null;
    }
    this.#frame = frame;
    this.tell();
  }

  // The pointer is at a point of the window, or away.
  point(event) {
    this.#point = event && { x: event.clientX, y: event.clientY };
    this.tell();
  }

  tell() {
    const pixel = this.#point && this.#frame && this.view.pixelAt(this.#point.x, this.#point.y);
    this.output.textContent = pixel ? this.#textOf(Math.floor(pixel.column), Math.floor(pixel.row), pixel) : "";
  }

  #textOf(column, row, pixel) {
    const { url, size, unit, place } = this.#frame;
    this.#values ??= new Values(url, size, () => this.tell());
    const value = this.#values.at(column, row);
    const parts = [value ? written(value, unit) : "…", ...this.names(column, row)];
    if (place) parts.push(`${positionOf(place, pixel)} mm`);
    parts.push(`col ${column}, row ${row}`);
    return parts.join(" · ");
  }
}

function written(value, unit) {
  if (value.length === 3) return `R ${value[0]} G ${value[1]} B ${value[2]}`;
  const number = typeof value[0] === "bigint" || Number.isInteger(value[0]) ? value[0] : Number(value[0].toPrecision(5));
  return unit ? `${number} ${unit}` : String(number);
}

// Positions are those of centers, and the center of the first pixel is half a pixel from its edge.
function positionOf({ origin, column, row }, pixel) {
  const [right, down] = [pixel.column - 0.5, pixel.row - 0.5];
  return AXES.map((axis, i) => `${axis} ${(origin[i] + column[i] * right + row[i] * down).toFixed(1)}`).join(" ");
}
