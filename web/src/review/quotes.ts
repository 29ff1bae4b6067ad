/** The quotations of an example as pieces of their documents: those that stand close together are shown as one text. */

import type { ReviewItem, SourceText } from "@/api/types";
import { toUtf16 } from "@/text/codepoints";

export interface Piece {
  text: string;
  marked: boolean;
}

export interface Place {
  source: SourceText;
  /** Which of the example's sources; the first of them where several are shown as one. */
  index: number;
  pieces: Piece[];
}

// A little less than the server sends, so that a text that it cut ends at a word and says so.
const AROUND_ONE = 480;
const AROUND_EACH = 200;

/** Cut text before a quotation down to `limit` characters, at a word. */
export function trimBefore(text: string, limit: number): string {
  if (text.length <= limit) return text.trimStart();
  const tail = text.slice(-limit);
  const space = tail.search(/\s/);
  return `… ${tail.slice(space < 0 ? 0 : space).trimStart()}`;
}

export function trimAfter(text: string, limit: number): string {
  if (text.length <= limit) return text.trimEnd();
  const head = text.slice(0, limit);
  const space = head.search(/\s\S*$/);
  return `${head.slice(0, space < 0 ? limit : space).trimEnd()} …`;
}

interface Located {
  source: SourceText;
  index: number;
  start: number;
  end: number;
}

/** Whether `next` begins in what follows `last`; if so, what lies between them. */
function findBetween(last: Located, next: Located): string | null {
  const { source } = last;
  const isNear = source.stands && next.source.stands && source.document === next.source.document &&
    (source.page ?? 0) === (next.source.page ?? 0) && next.start >= last.end;
  if (!isNear) return null;
  const from = toUtf16(source.after, next.start - last.end);
  const isThere = from < source.after.length && source.after.startsWith(next.source.quote.slice(0, 20), from);
  return isThere ? source.after.slice(0, from) : null;
}

function buildPlace(group: readonly Located[], between: readonly string[], around: number): Place | null {
  const [first, last] = [group[0], group.at(-1)];
  if (!first || !last) return null;
  const pieces: Piece[] = [{ text: trimBefore(first.source.before, around), marked: false }];
  group.forEach(({ source }, position) => {
    if (position > 0) pieces.push({ text: between[position - 1] ?? "", marked: false });
    pieces.push({ text: source.quote, marked: true });
  });
  pieces.push({ text: trimAfter(last.source.after, around), marked: false });
  return { source: first.source, index: Math.min(...group.map((each) => each.index)), pieces };
}

/** Read the sources in the order of their first mention, those of one passage together. */
export function readPlaces({ sources, example }: Pick<ReviewItem, "sources" | "example">): Place[] {
  const { evidence } = example.provenance;
  const located = sources.map((source, index) => ({
    source, index, start: evidence[index]?.start ?? 0, end: evidence[index]?.end ?? 0,
  }));
  located.sort((a, b) => a.start - b.start || a.index - b.index);
  const groups: { members: Located[]; between: string[] }[] = [];
  for (const next of located) {
    let isTaken = false;
    for (const group of groups) {
      const last = group.members.at(-1);
      const between = last ? findBetween(last, next) : null;
      if (between === null) continue;
      group.members.push(next);
      group.between.push(between);
      isTaken = true;
      break;
    }
    if (!isTaken) groups.push({ members: [next], between: [] });
  }
  const around = groups.length > 1 ? AROUND_EACH : AROUND_ONE;
  const places = groups.flatMap(({ members, between }) => buildPlace(members, between, around) ?? []);
  return places.sort((a, b) => a.index - b.index);
}
