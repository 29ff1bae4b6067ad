/** An answer, or a conversation, with its sources as Markdown that can be pasted or filed. */

import type { Answer, Citation, Locator } from "@/api/types";
import type { Translate } from "@/i18n";

/** "page 4", "sheet Prices, row 12", or nothing where the document has no such places. */
export function describePlace(locator: Locator, t: Translate): string {
  const places: string[] = [];
  if (locator.sheet) places.push(t("place.sheet", { name: locator.sheet }));
  if (locator.page) places.push(t("place.page", { n: locator.page }));
  if (locator.row) places.push(t("place.row", { n: locator.row }));
  return places.join(", ");
}

/** The last part of an address, decoded: what people call the file. */
export function fileName(uri: string): string {
  const last = uri.replace(/[/!]+$/, "").split("/").at(-1) ?? uri;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

export function titleOf(source: { title: string; uri: string }): string {
  return source.title || fileName(source.uri);
}

function formatSource(citation: Citation, t: Translate): string {
  const place = describePlace(citation.locator, t);
  const quote = citation.quote.trim().split("\n").map((line) => `   > ${line}`).join("\n");
  return `${citation.number}. ${titleOf(citation)}${place ? `, ${place}` : ""} (${fileName(citation.uri)})\n\n${quote}`;
}

/** The answer and its sources, without the question: what the copy button gives. */
export function formatAnswer(answer: Answer, t: Translate): string {
  const sources = answer.citations ?? [];
  if (!sources.length) return answer.answer.trim();
  return `${answer.answer.trim()}\n\n${t("export.sources")}\n\n${sources.map((s) => formatSource(s, t)).join("\n\n")}`;
}

/** One exchange as a section; a file holds one or more. */
export function formatExchange(answer: Answer, t: Translate): string {
  const note = answer.mode === "extractive" ? `\n\n_${t("answer.extractive")}_` : "";
  return `## ${answer.question.trim()}\n\n${formatAnswer(answer, t)}${note}\n`;
}

export function formatConversation(title: string, answers: readonly Answer[], t: Translate): string {
  return `# ${title}\n\n${answers.map((answer) => formatExchange(answer, t)).join("\n")}`;
}

/** A name that every file system takes. */
export function toFileName(title: string, extension: string): string {
  const stem = title.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, " ").replace(/\s+/g, " ").trim().slice(0, 60).trim();
  return `${stem || "ondol"}.${extension}`;
}

export function saveFile(name: string, mediaType: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${mediaType};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
