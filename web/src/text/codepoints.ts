/** The server counts Unicode code points; JavaScript strings count UTF-16 units. The two differ beyond U+FFFF. */

const SURROGATE = /[\ud800-\udbff]/;

/** The UTF-16 index of code point number `offset` (clamped to the end), counting from UTF-16 index `from`. */
export function toUtf16(text: string, offset: number, from = 0): number {
  if (!SURROGATE.test(text)) return Math.min(from + offset, text.length);
  let index = from;
  for (let left = offset; left > 0 && index < text.length; left -= 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return index;
}

/** `text[start:end]` as Python cuts it. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  const first = toUtf16(text, start);
  return text.slice(first, toUtf16(text, Math.max(0, end - start), first));
}

/** Cut a text at spans given in code points: the pieces in order, those inside a span marked. Overlaps are merged. */
export function splitAtSpans(text: string, spans: readonly (readonly [number, number])[]): { text: string; marked: boolean }[] {
  const sorted = [...spans].filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [start, end] of sorted) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  const pieces: { text: string; marked: boolean }[] = [];
  let codePoint = 0;
  let index = 0;
  for (const [start, end] of merged) {
    const from = toUtf16(text, start - codePoint, index);
    const to = toUtf16(text, end - start, from);
    if (from > index) pieces.push({ text: text.slice(index, from), marked: false });
    if (to > from) pieces.push({ text: text.slice(from, to), marked: true });
    [codePoint, index] = [end, to];
  }
  if (index < text.length) pieces.push({ text: text.slice(index), marked: false });
  return pieces;
}
