// Which part of a picture is seen: zoomed about a point, moved, or as a whole. The sheet lies over the stage.

const LARGEST = 32;
const WHEEL = 240; // pixels of scrolling that double a picture
const LINE = 33; // pixels, for systems that scroll by lines
const GRAINY = 4; // pixels of the screen for one of the picture, from which on they are shown as squares

export class View {
  scale = 1;
  #x = 0;
  #y = 0;

  // `tell` is called whenever another part is seen.
  constructor(stage, sheet, size, tell) {
    this.stage = stage;
    this.sheet = sheet;
    this.size = size;
    this.tell = tell;
    new ResizeObserver(() => this.#place()).observe(stage);
  }

  // The picture is of another frame: { rows, columns, aspect }, the last the height of a pixel for its width.
  set(size) {
    this.size = size;
    this.#place();
  }

  // Zoom by a factor, so that what is under a point of the window stays there; without one, the middle.
  zoom(factor, clientX, clientY) {
    const box = this.stage.getBoundingClientRect();
    const [x, y] = clientX === undefined ? [box.width / 2, box.height / 2] : [clientX - box.left, clientY - box.top];
    const scale = Math.max(1, Math.min(LARGEST, this.scale * factor));
    this.#x = x - ((x - this.#x) * scale) / this.scale;
    this.#y = y - ((y - this.#y) * scale) / this.scale;
    this.scale = scale;
    this.#place();
  }

  wheel({ deltaY, deltaMode, clientX, clientY }) {
    const way = Math.max(-WHEEL, Math.min(WHEEL, deltaMode ? deltaY * LINE : deltaY));
    this.zoom(2 ** (-way / WHEEL), clientX, clientY);
  }

  move(right, down) {
    this.#x += right;
    this.#y += down;
    this.#place();
  }

  reset() {
    this.scale = 1;
    this.#place();
  }

  // Return where the whole picture lies on the sheet, in pixels.
  get box() {
    const { columns, rows, aspect } = this.size;
    const { clientWidth, clientHeight } = this.stage;
    const [width, height] = [columns * this.#fit(), rows * aspect * this.#fit()];
    return { left: (clientWidth - width) / 2, top: (clientHeight - height) / 2, width, height };
  }

  // Return how many pixels of the screen a column of the picture is wide.
  get grain() {
    return this.#fit() * this.scale;
  }

  // Return the pixel under a point of the window, with fractions, 0 being the outer edge of the first; or nothing.
  pixelAt(clientX, clientY) {
    const { columns, rows, aspect } = this.size;
    const { clientWidth: width, clientHeight: height } = this.stage;
    const box = this.stage.getBoundingClientRect();
    const fit = this.#fit();
    const column = ((clientX - box.left - this.#x) / this.scale - (width - columns * fit) / 2) / fit;
    const row = ((clientY - box.top - this.#y) / this.scale - (height - rows * aspect * fit) / 2) / (fit * aspect);
    return column >= 0 && row >= 0 && column < columns && row < rows ? { column, row } : null;
  }

  #fit() {
    const { columns, rows, aspect } = this.size;
    return Math.min(this.stage.clientWidth / columns, this.stage.clientHeight / (rows * aspect));
  }

  #place() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    this.#x = Math.min(0, Math.max(width * (1 - this.scale), this.#x));
    this.#y = Math.min(0, Math.max(height * (1 - this.scale), this.#y));
    const isWhole = this.scale === 1;
    this.sheet.style.transform = isWhole ? "" : `translate(${this.#x}px, ${this.#y}px) scale(${this.scale})`;
    this.stage.classList.toggle("magnified", !isWhole);
    this.stage.classList.toggle("grainy", !isWhole && this.grain >= GRAINY);
    this.tell();
  }
}
