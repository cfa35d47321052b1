// A pointer that is held down and moved: how far from where it came down, and since it was last told.

export function dragged(stage, { pointerId, clientX, clientY }, tell) {
  stage.setPointerCapture(pointerId);
  let last = { clientX, clientY };
  stage.onpointermove = (event) => {
    const steps = { stepX: event.clientX - last.clientX, stepY: event.clientY - last.clientY };
    last = event;
    tell({ x: event.clientX - clientX, y: event.clientY - clientY, ...steps });
  };
  stage.onpointerup = stage.onpointercancel = () => (stage.onpointermove = null);
}
