// Windows: center and width in modality units. A width is always above 0.

const DRAG = 400; // pixels of dragging that change a window by its own width
const NARROWEST = 1e-6;

export function windowOf(text) {
  const [center, width] = (text || "").split(",").map(Number);
  return width > 0 ? { center, width } : null;
}

export function positive(width) {
  return Math.max(width, NARROWEST);
}

// To the right is wider, down is darker, as in other viewers.
export function windowAfterDrag({ center, width }, right, down) {
  const step = width / DRAG;
  return { center: center + down * step, width: Math.max(width + right * step * 2, Math.min(width / 100, 1)) };
}

export function written(number) {
  return String(Math.abs(number) >= 100 ? Math.round(number) : Number(number.toPrecision(3)));
}
