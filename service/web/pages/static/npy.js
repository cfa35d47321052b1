// Files of NumPy: an array as it comes from the server, little endian and by rows.

const KINDS = {
  "|u1": Uint8Array, "|b1": Uint8Array, "|i1": Int8Array, "<u2": Uint16Array, "<i2": Int16Array, "<u4": Uint32Array,
  "<i4": Int32Array, "<u8": BigUint64Array, "<i8": BigInt64Array, "<f4": Float32Array, "<f8": Float64Array,
};

const NAMED = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array };

// Return values of a type, as NumPy names it, of which these are the bytes.
export function valuesOf(type, bytes) {
  return new NAMED[type](bytes);
}

// Return the shape and the values of a file; its head is a dictionary as Python writes it.
export function arrayOf(file) {
  const view = new DataView(file);
  const isLong = view.getUint8(6) > 1;
  const start = (isLong ? 12 : 10) + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const head = new TextDecoder("latin1").decode(new Uint8Array(file, 10, start - 10));
  const shape = /'shape': \(([^)]*)\)/.exec(head)[1].split(",").filter((side) => side.trim()).map(Number);
  const Kind = KINDS[/'descr': '([^']+)'/.exec(head)[1]];
  return { shape, values: new Kind(file, start) };
}
