/** What the source panel shows: one place in one document. */

import { useSyncExternalStore } from "react";
import type { Citation, DocumentRecord, Hit, Locator } from "@/api/types";

export interface SourceView {
  document: string;
  title: string;
  uri: string;
  /** The passage to show; `null` to leaf through the document from its start. */
  passage: { locator: Locator; quote: string; number: number | null } | null;
}

let view: SourceView | null = null;
let opener: HTMLElement | null = null;
const listeners = new Set<() => void>();

function change(next: SourceView | null): void {
  view = next;
  for (const listener of listeners) listener();
}

function remember(): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && !active.closest("[data-source-panel]")) opener = active;
}

export function openCitation(citation: Citation): void {
  remember();
  const { document, title, uri, locator, quote, number } = citation;
  change({ document, title, uri, passage: { locator, quote, number } });
}

export function openHit(hit: Hit): void {
  remember();
  const { document, title, uri, locator, text } = hit;
  change({ document, title, uri, passage: { locator, quote: text, number: null } });
}

/** Open a document at a place given in code points of its page. */
export function openPlace(view: Omit<SourceView, "passage">, locator: Locator, quote: string): void {
  remember();
  change({ ...view, passage: { locator, quote, number: null } });
}

export function openDocument(record: Pick<DocumentRecord, "id" | "title" | "uri">): void {
  remember();
  change({ document: record.id, title: record.title, uri: record.uri, passage: null });
}

/** Close, and give the focus back to what opened the panel. */
export function closeSource({ refocus = true } = {}): void {
  if (!view) return;
  change(null);
  if (refocus && opener?.isConnected) opener.focus();
  opener = null;
}

export function useSource(): SourceView | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => view,
  );
}
