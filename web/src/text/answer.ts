/**
 * The answer's text as a small tree: paragraphs, lists and citation marks. Nothing else becomes markup: no HTML, no
 * links, no images, because the words may come from a document that nobody has vetted.
 */

export type Inline = { type: "text"; text: string; strong?: boolean } | { type: "cite"; number: number };

export type AnswerBlock =
  | { type: "paragraph"; content: Inline[] }
  | { type: "list"; ordered: boolean; start: number; items: Inline[][] };

const BULLET = /^\s*[-*•]\s+(?=\S)/;
const NUMBER = /^\s*(\d{1,3})[.)]\s+(?=\S)/;
const MARK = /\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;
const STRONG = /\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*/g;

function splitStrong(text: string): Inline[] {
  const pieces: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(STRONG)) {
    if (match.index > from) pieces.push({ type: "text", text: text.slice(from, match.index) });
    pieces.push({ type: "text", text: match[1] ?? "", strong: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ type: "text", text: text.slice(from) });
  return pieces;
}

/** Turn `[n]` and `[n, m]` into marks where each number is a citation that exists; other brackets stay text. */
export function parseInline(text: string, numbers: ReadonlySet<number>, { strong = true } = {}): Inline[] {
  const content: Inline[] = [];
  const addText = (piece: string) => {
    if (piece) content.push(...(strong ? splitStrong(piece) : [{ type: "text" as const, text: piece }]));
  };
  let from = 0;
  for (const match of text.matchAll(MARK)) {
    const marked = (match[1] ?? "").split(",").map(Number);
    if (!marked.every((number) => numbers.has(number))) continue;
    addText(text.slice(from, match.index).replace(/ +$/, ""));
    for (const number of marked) content.push({ type: "cite", number });
    from = match.index + match[0].length;
  }
  addText(text.slice(from));
  return content;
}

function citedIn(content: readonly Inline[]): string {
  return content.flatMap((piece) => (piece.type === "cite" ? [piece.number] : [])).join();
}

/**
 * Parse a whole answer. Blank lines separate paragraphs; runs of list lines become lists. A plain line right after a
 * list item goes on with it, as in Markdown, as long as it stands on the same sources.
 */
export function parseAnswer(text: string, numbers: ReadonlySet<number>, options: { strong?: boolean } = {}): AnswerBlock[] {
  const blocks: AnswerBlock[] = [];
  let openItem: Inline[] | null = null;
  let paragraph: string[] = [];
  const endParagraph = () => {
    if (paragraph.length) blocks.push({ type: "paragraph", content: parseInline(paragraph.join("\n"), numbers, options) });
    paragraph = [];
  };
  for (const line of text.split("\n")) {
    const numbered = NUMBER.exec(line);
    const bullet = numbered ?? BULLET.exec(line);
    if (bullet) {
      endParagraph();
      openItem = parseInline(line.slice(bullet[0].length), numbers, options);
      const last = blocks.at(-1);
      if (last?.type === "list" && last.ordered === Boolean(numbered)) last.items.push(openItem);
      else blocks.push({ type: "list", ordered: Boolean(numbered), start: Number(numbered?.[1] ?? 1), items: [openItem] });
      continue;
    }
    if (line.trim() === "") {
      endParagraph();
      openItem = null;
      continue;
    }
    const content = openItem ? parseInline(line.trim(), numbers, options) : [];
    if (openItem && citedIn(content) === citedIn(openItem.slice(-1))) openItem.push({ type: "text", text: " " }, ...content);
    else {
      openItem = null;
      paragraph.push(line);
    }
  }
  endParagraph();
  return blocks;
}
