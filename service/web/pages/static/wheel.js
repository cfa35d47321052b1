// How many slices the wheel moves: one a notch, whatever a notch is for the system.

const NOTCH = 100; // pixels of scrolling in small pieces, as of trackpads and fine wheels, that make a slice
const WHOLE = 50; // pixels in one event from which on it is a notch by itself
const TICK = 120; // of `wheelDelta` for a notch, where browsers have it

export class Wheel {
  #scrolled = 0;

  // Return the slices to go for an event: below 0 towards the first.
  steps({ deltaMode, deltaY, wheelDeltaY = 0 }) {
    if (Math.sign(deltaY) !== Math.sign(this.#scrolled)) this.#scrolled = 0;
    if (deltaMode || Math.abs(deltaY) >= WHOLE) {
      this.#scrolled = 0;
      const notches = wheelDeltaY % TICK ? 1 : Math.abs(wheelDeltaY) / TICK; // of events that the browser has joined
      return Math.sign(deltaY) * Math.max(1, notches);
    }
    this.#scrolled += deltaY;
    const steps = Math.trunc(this.#scrolled / NOTCH);
    this.#scrolled -= steps * NOTCH;
    return steps;
  }
}
