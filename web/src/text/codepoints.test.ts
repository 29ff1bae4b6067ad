import { describe, expect, it } from "vitest";
import { sliceCodePoints, splitAtSpans, toUtf16 } from "./codepoints";

describe("offsets in code points", () => {
  const text = "가😀나𠀀다e\u0301";

  it("cut as Python cuts", () => {
    const points = [...text];
    for (let start = 0; start <= points.length; start += 1) {
      for (let end = start; end <= points.length; end += 1) {
        expect(sliceCodePoints(text, start, end)).toBe(points.slice(start, end).join(""));
      }
    }
  });

  it("never fall between the halves of a character", () => {
    expect(toUtf16(text, 2)).toBe(3);
    expect(text.slice(toUtf16(text, 3)).startsWith("𠀀")).toBe(true);
  });

  it("are clamped to the end", () => {
    expect(toUtf16("abc", 99)).toBe(3);
    expect(toUtf16(text, 99)).toBe(text.length);
    expect(sliceCodePoints("abc", 2, 99)).toBe("c");
  });
});

describe("splitting at spans", () => {
  it("keeps every character, in order", () => {
    const text = "배터리 😀 부족 경고";
    const pieces = splitAtSpans(text, [[6, 8], [0, 3]]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    expect(pieces.filter((piece) => piece.marked).map((piece) => piece.text)).toEqual(["배터리", "부족"]);
  });

  it("merges spans that overlap and leaves out empty ones", () => {
    const marked = splitAtSpans("abcdef", [[1, 3], [2, 4], [5, 5]]).filter((piece) => piece.marked);
    expect(marked).toEqual([{ text: "bcd", marked: true }]);
  });
});
