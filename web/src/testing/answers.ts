/** Answers for tests, complete by the wire types. */

import type { Answer, Citation } from "@/api/types";

export function makeCitation(change: Partial<Citation> = {}): Citation {
  return {
    number: 1, document: "doc_1", uri: "upload:///ab/rules.pdf", title: "Rules", locator: { start: 0, end: 7 },
    quote: "15 days", chunk_id: "chk_1", ...change,
  };
}

export function makeAnswer(change: Partial<Answer> = {}): Answer {
  return {
    question: "How many days?", answer: "15 days [1]", abstained: false, reason: "", mode: "extractive", language: "en",
    citations: [makeCitation()], nearest: [], model: "extractive",
    withheld: { unsupported_sentences: 0, unverified_citations: 0 },
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, timings_ms: {}, ...change,
  };
}
