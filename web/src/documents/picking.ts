/** Files out of a drop or a file input, folders included. */

import type { PickedFile } from "./uploads";

const HIDDEN = /^(\.|~\$|Thumbs\.db$|desktop\.ini$)/i;

function readEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

function readFile(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function walk(entry: FileSystemEntry, picked: PickedFile[]): Promise<void> {
  if (HIDDEN.test(entry.name)) return;
  if (entry.isFile) {
    picked.push({ file: await readFile(entry as FileSystemFileEntry), name: entry.name });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const entries = await readEntries(reader);
    if (!entries.length) return;
    for (const child of entries) await walk(child, picked);
  }
}

/** All files of a drop. The items must be taken out before the first await: the browser empties them after the event. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PickedFile[]> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const plain = [...transfer.files];
  if (!entries.length) return plain.map((file) => ({ file, name: file.name }));
  const picked: PickedFile[] = [];
  for (const entry of entries) await walk(entry, picked);
  return picked;
}

export function filesOfInput(input: HTMLInputElement): PickedFile[] {
  const picked = [...(input.files ?? [])].filter((file) => !HIDDEN.test(file.name)).map((file) => ({ file, name: file.name }));
  input.value = "";
  return picked;
}
