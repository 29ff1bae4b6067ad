import { describe, expect, it } from "vitest";
import { parseAnswer, parseInline } from "./answer";

const numbers = new Set([1, 2, 12]);

describe("citation marks", () => {
  it("become marks where the citation exists, and stay text where it does not", () => {
    expect(parseInline("As said [1], see [3] and a[0].", numbers)).toEqual([
      { type: "text", text: "As said" },
      { type: "cite", number: 1 },
      { type: "text", text: ", see [3] and a[0]." },
    ]);
  });

  it("may stand together", () => {
    const cites = parseInline("둘 다 그렇다. [1][2] 셋째. [1, 12]", numbers).filter((piece) => piece.type === "cite");
    expect(cites.map((piece) => piece.number)).toEqual([1, 2, 1, 12]);
  });
});

describe("blocks", () => {
  it("are paragraphs and lists", () => {
    const blocks = parseAnswer("First [1]\nsecond line\n\n- one [2]\n- two\n\n3. three\n4. four", numbers);
    expect(blocks.map((block) => block.type)).toEqual(["paragraph", "list", "list"]);
    expect(blocks[1]).toMatchObject({ ordered: false, items: [[{ text: "one" }, { number: 2 }], [{ text: "two" }]] });
    expect(blocks[2]).toMatchObject({ ordered: true, start: 3 });
  });

  it("let a line go on with a list item on the same sources, and no other", () => {
    const blocks = parseAnswer("1. Hold it still. [1]\nThen turn it. [1]\n2. Again. [1]\nElsewhere. [2]", numbers);
    expect(blocks.map((block) => block.type)).toEqual(["list", "paragraph"]);
    expect(blocks[0]).toMatchObject({ items: [[{ text: "Hold it still." }, {}, {}, { text: "Then turn it." }, {}], [{ text: "Again." }, {}]] });
  });

  it("never contain markup of the text's own", () => {
    const text = '<img src="x" onerror="alert(1)"> ![a](http://x/y.png) [link](http://x)';
    expect(parseAnswer(text, numbers)).toEqual([{ type: "paragraph", content: [{ type: "text", text }] }]);
  });

  it("leave asterisks alone where words must stay as they are", () => {
    expect(parseInline("a **b** c", numbers, { strong: false })).toEqual([{ type: "text", text: "a **b** c" }]);
    expect(parseInline("a **b** c", numbers)[1]).toEqual({ type: "text", text: "b", strong: true });
  });
});
