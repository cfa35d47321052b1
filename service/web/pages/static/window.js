// Windows: center and width in modality units.

const DRAG = 400; // pixels of dragging that change a window by its own width

export function windowOf(text) {
  const [center, width] = (text || "").split(",").map(Number);
  return text ? { center, width } : null;
}

// To the right is wider, down is darker, as in other viewers.
export function windowAfterDrag({ center, width }, right, down) {
  const step = width / DRAG;
  return { center: center + down * step, width: Math.max(width + right * step * 2, Math.min(width, 1)) };
}

export function written(number) {
  return String(Math.abs(number) >= 100 ? Math.round(number) : Number(number.toPrecision(3)));
}
