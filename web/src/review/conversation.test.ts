import { describe, expect, it } from "vitest";
import { readExample, splitQuestion } from "./conversation";

const OPEN =
  "[Document 1] Fence > Create\nPress the button.\n\n- one\n\n[Document 2]\nQuestion: is this a head?\n\nQuestion: none\n\nQuestion: How do I\nfly?";

describe("a user message of an open-book example", () => {
  it("gives the question and the passages apart", () => {
    expect(splitQuestion(OPEN)).toEqual({
      question: "How do I\nfly?",
      passages: [
        { head: "Fence > Create", text: "Press the button.\n\n- one" },
        { head: "", text: "Question: is this a head?\n\nQuestion: none" },
      ],
    });
  });

  it("is read in Korean too", () => {
    const { question, passages } = splitQuestion("[문서 1] 안전 > 배터리\n충전한다.\n\n질문: 언제 충전하나요?");
    expect(question).toBe("언제 충전하나요?");
    expect(passages).toEqual([{ head: "안전 > 배터리", text: "충전한다." }]);
  });

  it("does not take a line of a passage for a head", () => {
    const { passages } = splitQuestion("[Document 1] A\n[Document 7] is cited here.\n\n[Document 2] B\nb\n\nQuestion: q?");
    expect(passages.map((passage) => passage.head)).toEqual(["A", "B"]);
    expect(passages[0]?.text).toBe("[Document 7] is cited here.");
  });

  it("is left whole where it has no passages", () => {
    expect(splitQuestion("Look:\n\nQuestion: what?")).toEqual({ question: "Look:\n\nQuestion: what?", passages: [] });
  });
});

it("an example is read as turns, its instruction apart", () => {
  const messages = [
    { role: "system", content: "Answer from the documents." },
    { role: "user", content: OPEN },
    { role: "assistant", content: "Up." },
    { role: "user", content: "And then?" },
    { role: "assistant", content: "Down." },
  ] as const;
  const reading = readExample({ messages: [...messages], book: "open" });
  expect(reading.system).toBe("Answer from the documents.");
  expect(reading.turns.map((turn) => [turn.question, turn.answer])).toEqual([
    ["How do I\nfly?", "Up."],
    ["And then?", "Down."],
  ]);
  expect(readExample({ messages: [...messages], book: "closed" }).turns[0]?.question).toBe(OPEN);
});
