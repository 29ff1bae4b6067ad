import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { browserLanguage, explainFailure, formatBytes, translate, translateCount } from ".";
import { en } from "./en";
import { ko } from "./ko";

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("the two dictionaries", () => {
  it("have the same keys, none empty by oversight", () => {
    expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
    for (const [key, words] of Object.entries(en)) expect(words === "", key).toBe(ko[key as keyof typeof en] === "");
  });

  it("fill the same places", () => {
    for (const [key, words] of Object.entries(en)) expect(places(ko[key as keyof typeof en]), key).toEqual(places(words));
  });

  it("are in their own language", () => {
    for (const [key, words] of Object.entries(en)) expect(words, key).not.toMatch(/[가-힣]/);
    const latin = Object.entries(ko).filter(([, words]) => words && !/[가-힣]/.test(words)).map(([key]) => key);
    expect(latin.sort()).toEqual(["kind.csv", "kind.hwp", "kind.hwpx", "kind.pdf", "kind.archive"].sort());
  });

  it("hold nothing that no component says", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
    const sources = files.filter((name) => !/i18n|test/.test(name)).map((name) => readFileSync(`src/${name}`, "utf8")).join();
    const made = /^(kind|error|label|review\.(kind|split|check|reason|pick))\./;
    const unsaid = Object.keys(en).filter((key) => !made.test(key) && !sources.includes(`"${key.replace(/_(one|other)$/, "")}"`));
    expect(unsaid).toEqual([]);
  });

  it("explain every code of the server but those whose own words say more", () => {
    const source = readFileSync("../src/ondol/core/errors.py", "utf8");
    const codes = [...source.matchAll(/^ {4}code(?:: ClassVar\[str\])? = "(\w+)"/gm)].map((match) => match[1] ?? "");
    expect(codes.length).toBeGreaterThan(20);
    const own = new Set(["wrong_use", "bad_settings", "conflict"]);
    for (const code of codes.filter((name) => !own.has(name))) expect(en).toHaveProperty([`error.${code}`]);
  });

  it("explain every error code with message and remedy", () => {
    const codes = Object.keys(en).filter((key) => key.startsWith("error.") && !key.endsWith(".remedy"));
    for (const code of codes) expect(en).toHaveProperty([`${code}.remedy`]);
  });
});

describe("words", () => {
  it("count", () => {
    expect(translateCount("en", "documents.count", 1)).toBe("1 document");
    expect(translateCount("en", "documents.count", 1200)).toBe("1,200 documents");
    expect(translateCount("ko", "documents.count", 1200)).toBe("문서 1,200개");
  });

  it("fall back to the server's for an unknown failure", () => {
    const failure = { code: "novel", message: "Something new.", remedy: "Look." };
    expect(explainFailure("ko", failure)).toEqual({ message: "Something new.", remedy: "Look." });
    expect(explainFailure("ko", { code: "encrypted", message: "x" }).message).toBe(translate("ko", "error.encrypted"));
  });

  it("measure", () => {
    expect(formatBytes("ko", 0)).toBe("0 B");
    expect(formatBytes("ko", 491)).toBe("491 B");
    expect(formatBytes("en", 2_400_000)).toBe("2.4 MB");
    expect(formatBytes("en", 999_999)).toBe("1,000 kB");
  });

  it("follow the browser", () => {
    expect(browserLanguage(["fr-FR", "ko-KR", "en"])).toBe("ko");
    expect(browserLanguage(["fr"])).toBe("en");
    expect(browserLanguage(["kok-IN", "en-GB"])).toBe("en");
  });
});
