// The files of what was dropped, those of folders too, one after the other: a folder may hold very many.

export async function* filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  for (const entry of entries) yield* below(entry, "");
}

async function* below(entry, folder) {
  const path = folder + entry.name;
  if (entry.isFile) {
    yield { file: await new Promise((found, failed) => entry.file(found, failed)), path };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((found, failed) => reader.readEntries(found, failed));
    if (!some.length) return;
    for (const inner of some) yield* below(inner, `${path}/`);
  }
}
