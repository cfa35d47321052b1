// A bar that is a round number of millimetres long.

const SHORTEST = 50; // pixels of the screen, and at most 2.5 times that
const ROUND = [1, 2, 5];

// Show it for a picture of which `grain` pixels of the screen are one column; nothing where no scale is known.
export function rule(ruler, scale, grain) {
  ruler.hidden = !(scale && grain > 0);
  if (ruler.hidden) return;
  const least = (SHORTEST * scale.horizontal) / grain;
  const decade = 10 ** Math.floor(Math.log10(least));
  const length = decade * (ROUND.find((digit) => digit * decade >= least) ?? 10);
  ruler.querySelector("i").style.width = `${(length * grain) / scale.horizontal}px`;
  ruler.querySelector("span").textContent = [written(length), scale.meaning].filter(Boolean).join(" ");
}

function written(length) {
  const [size, unit] = length < 1 ? [length * 1000, "µm"] : [length, "mm"];
  return `${Number(size.toPrecision(3))} ${unit}`;
}
