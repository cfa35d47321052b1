"""From stored values to a picture and its file: grayscale and colour, viewport, text, image files."""
