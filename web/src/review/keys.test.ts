import { describe, expect, it } from "vitest";
import { chooseLetters, isTaken, readCommand } from "./keys";

const press = (key: string, more: KeyboardEventInit & { keyCode?: number } = {}) =>
  ({ key, code: "", keyCode: 0, isComposing: false, ctrlKey: false, metaKey: false, altKey: false, ...more }) as KeyboardEvent;

describe("keys", () => {
  it("judge", () => {
    expect(["a", "A", "1", "f", "2", "r", "3"].map((key) => readCommand(press(key), "look"))).toEqual([
      "accept", "accept", "accept", "fix", "fix", "reject", "reject",
    ]);
    expect(readCommand(press("ArrowLeft"), "look")).toBe("back");
    expect(readCommand(press("Backspace"), "look")).toBe("back");
    expect(readCommand(press("x"), "look")).toBeNull();
  });

  it("mean something else while a reason is asked", () => {
    expect(readCommand(press("a"), "reason")).toBeNull();
    expect(readCommand(press("Escape"), "reason")).toBe("cancel");
    expect(readCommand(press("Enter"), "warned")).toBe("keep");
  });

  it("go by their place on a Hangul layout", () => {
    expect(readCommand(press("ㅁ", { code: "KeyA" }), "look")).toBe("accept");
    expect(readCommand(press("ㄱ", { code: "KeyR" }), "look")).toBe("reject");
  });

  it("do nothing while an input method composes, or with a modifier", () => {
    expect(readCommand(press("a", { isComposing: true }), "look")).toBeNull();
    expect(readCommand(press("a", { keyCode: 229 }), "look")).toBeNull();
    for (const modifier of ["ctrlKey", "metaKey", "altKey"]) expect(readCommand(press("a", { [modifier]: true }), "look")).toBeNull();
  });

  it("belong to the text field that they are typed in", () => {
    document.body.innerHTML = `<textarea></textarea><dialog open><button id="in"></button></dialog><button id="out"></button>`;
    expect(isTaken(document.querySelector("textarea"))).toBe(true);
    expect(isTaken(document.querySelector("#in"))).toBe(true);
    expect(isTaken(document.querySelector("#out"))).toBe(false);
    expect(isTaken(null)).toBe(false);
  });
});

describe("the letters of the reasons", () => {
  it("are all different, and leave the keys that are taken", () => {
    const letters = chooseLetters(["wrong", "unsupported", "unclear", "trivial", "style", "unsafe", "other"]);
    expect([...letters.values()]).toEqual(["w", "u", "c", "t", "s", "a", "o"]);
    expect(chooseLetters(["nn", "nnn"]).size).toBe(2);
  });
});
