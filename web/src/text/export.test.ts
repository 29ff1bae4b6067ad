import { describe, expect, it } from "vitest";
import { translate } from "@/i18n";
import { makeAnswer, makeCitation } from "@/testing/answers";
import { describePlace, fileName, formatAnswer, formatExchange, toFileName } from "./export";

const t = translate.bind(null, "en");

describe("export", () => {
  it("gives the answer with every source, its place and its quote", () => {
    const answer = makeAnswer({
      answer: "It is 15 days. [1]",
      citations: [makeCitation({ number: 1, quote: "15 days\nof leave", title: "Rules", locator: { page: 4, start: 0, end: 16 } })],
    });
    const text = formatAnswer(answer, t);
    expect(text).toContain("It is 15 days. [1]\n\nSources");
    expect(text).toContain("1. Rules, page 4 (rules.pdf)");
    expect(text).toContain("   > 15 days\n   > of leave");
    expect(formatExchange(answer, t)).toMatch(/^## How many days\?/);
  });

  it("names places in the reader's language", () => {
    const locator = { start: 0, end: 1, sheet: "가격", row: 12 };
    expect(describePlace(locator, t)).toBe("sheet 가격, row 12");
    expect(describePlace(locator, translate.bind(null, "ko"))).toBe("시트 가격, 12행");
    expect(describePlace({ start: 0, end: 1 }, t)).toBe("");
  });

  it("reads file names out of addresses", () => {
    expect(fileName("file:///data/%EC%B7%A8%EC%97%85.hwpx")).toBe("취업.hwpx");
    expect(fileName("file:///a.zip!/inner/name.docx")).toBe("name.docx");
    expect(fileName("upload:///x/100%.txt")).toBe("100%.txt");
  });

  it("makes names that every file system takes", () => {
    expect(toFileName('a/b: "c"?\n', "md")).toBe("a b c.md");
    expect(toFileName("???", "md")).toBe("ondol.md");
  });
});
