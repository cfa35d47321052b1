// One finger that is dragged over the stage scrolls through the slices, or moves a picture that is zoomed; two of
// them zoom the page as ever.

const SHORTEST = 6; // pixels of a finger's way for a slice
const SWIPES = 2; // across the stage, that lead through all slices

// Call `scroll` with the slice to show: a later one for a finger that went up or left since `at()` was there.
export function swipes(stage, { at, count, scroll, view }) {
  stage.addEventListener("touchstart", ({ touches, target }) => {
    if (touches.length > 1 || isZoomed() || target.closest("button")) return;
    if (view.scale > 1) return follow(target, touches[0], moving(view));
    if (count() < 2) return;
    const from = at();
    follow(target, touches[0], (right, down) => {
      const way = Math.abs(down) >= Math.abs(right) ? -down : -right;
      scroll(from + Math.trunc(way / pixelsOf(stage, count())));
    });
  }, { passive: true });
  visualViewport?.addEventListener("resize", () => stage.classList.toggle("zoomed", isZoomed()));
}

function moving(view) {
  let last = [0, 0];
  return (right, down) => {
    view.move(right - last[0], down - last[1]);
    last = [right, down];
  };
}

// Tell how far a finger has gone, until it is lifted or another one comes. Its events go to the element that it
// came down on, also when that has left the page: pictures do.
function follow(target, { clientX, clientY }, tell) {
  const end = new AbortController();
  const move = (event) => {
    if (event.touches.length > 1) return end.abort();
    if (event.cancelable) event.preventDefault();
    tell(event.touches[0].clientX - clientX, event.touches[0].clientY - clientY);
  };
  target.addEventListener("touchmove", move, { passive: false, signal: end.signal });
  for (const kind of ["touchend", "touchcancel"]) target.addEventListener(kind, () => end.abort(), { signal: end.signal });
}

function pixelsOf(stage, count) {
  const side = Math.min(stage.clientWidth, stage.clientHeight);
  return Math.max(SHORTEST, Math.min(side / 8, (SWIPES * side) / count));
}

// Whether the page is larger than the screen, so that a finger moves the page.
function isZoomed() {
  return visualViewport?.scale > 1.01;
}
