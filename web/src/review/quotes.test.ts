import { describe, expect, it } from "vitest";
import type { ReviewItem } from "@/api/types";
import { readPlaces, trimAfter, trimBefore } from "./quotes";

const TEXT = "Intro 😀 first. The pump runs. It stops at night. Between. Oil it daily. The end.";

/** Sources as the server sends them for spans of TEXT, in code points. */
function build(quotes: string[], change: Partial<ReviewItem["sources"][number]> = {}): Pick<ReviewItem, "sources" | "example"> {
  const points = [...TEXT];
  const spans = quotes.map((quote) => {
    const start = [...TEXT.slice(0, TEXT.indexOf(quote))].length;
    return { start, end: start + [...quote].length };
  });
  const sources = spans.map(({ start, end }) => ({
    document: "d1", uri: "file:///d1.md", title: "D", context: "", stands: true,
    before: points.slice(0, start).join(""), quote: points.slice(start, end).join(""), after: points.slice(end).join(""),
    ...change,
  }));
  return { sources, example: { provenance: { evidence: spans } } } as unknown as Pick<ReviewItem, "sources" | "example">;
}

const marks = (item: Pick<ReviewItem, "sources" | "example">) =>
  readPlaces(item).map(({ pieces }) => pieces.filter((piece) => piece.marked).map((piece) => piece.text));

describe("the quotations", () => {
  it("of one passage are marked in one text, whatever their order", () => {
    const item = build(["Oil it daily.", "The pump runs."]);
    expect(marks(item)).toEqual([["The pump runs.", "Oil it daily."]]);
    expect(readPlaces(item)[0]?.pieces.map((piece) => piece.text).join("")).toBe(TEXT);
    expect(readPlaces(item)[0]?.index).toBe(0);
  });

  it("that overlap are shown each for itself", () => {
    expect(marks(build(["The pump runs. It", "It stops at night."]))).toHaveLength(2);
  });

  it("that no longer stand are never joined", () => {
    expect(marks(build(["The pump runs.", "Oil it daily."], { stands: false, before: "", after: "" }))).toEqual([
      ["The pump runs."], ["Oil it daily."],
    ]);
  });
});

it("text around a quotation is cut at a word, and says so", () => {
  expect(trimBefore("alpha beta gamma ", 9)).toBe("… gamma ");
  expect(trimAfter(" alpha beta gamma", 9)).toBe(" alpha …");
  expect(trimAfter(" all of it\n", 90)).toBe(" all of it");
});
