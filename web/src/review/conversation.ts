/** What a reviewer reads of an example: question in front, what the model was shown with it apart. */

import type { Example } from "@/api/types";

export interface Shown {
  head: string;
  text: string;
}

export interface Turn {
  question: string;
  answer: string;
  /** Passages that the question came with; open book only. */
  passages: Shown[];
}

export interface Reading {
  system: string;
  turns: Turn[];
}

// As `forge/write/openbook.py` writes them.
const ASK = /\n\n(?:Question|질문): /g;
const HEAD = /^\[(?:Document|문서) (\d+)\]([^\n]*)$/gm;

/** Take the passages off a user message; a message without them is the question itself. */
export function splitQuestion(content: string): { question: string; passages: Shown[] } {
  // The last one: a passage may hold the same words, a question may not hold a passage.
  const ask = [...content.matchAll(ASK)].at(-1);
  if (!ask) return { question: content, passages: [] };
  const shown = content.slice(0, ask.index);
  // A passage may hold a line like a head: only those that count up are heads.
  const heads: RegExpExecArray[] = [];
  for (const match of shown.matchAll(HEAD)) if (Number(match[1]) === heads.length + 1) heads.push(match);
  if (!heads.length || heads[0]?.index !== 0) return { question: content, passages: [] };
  const passages = heads.map((head, position) => ({
    head: (head[2] ?? "").trim(),
    text: shown.slice(head.index + head[0].length, heads[position + 1]?.index ?? shown.length).trim(),
  }));
  return { question: content.slice(ask.index + ask[0].length), passages };
}

export function readExample({ messages, book }: Pick<Example, "messages" | "book">): Reading {
  const reading: Reading = { system: "", turns: [] };
  for (const { role, content } of messages) {
    if (role === "system") reading.system = content;
    else if (role === "user") {
      const split = book === "open" ? splitQuestion(content) : { question: content, passages: [] };
      reading.turns.push({ ...split, answer: "" });
    } else {
      const turn = reading.turns.at(-1);
      if (turn) turn.answer = content;
    }
  }
  return reading;
}
