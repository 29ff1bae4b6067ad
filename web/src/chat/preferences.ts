/** What a question is asked with: the model, thinking, and the documents it is narrowed to. */

import { useSyncExternalStore } from "react";
import type { DocumentRecord } from "@/api/types";
import type { AskOptions } from "./store";

export const EXTRACTIVE = "extractive";

export type ScopeDocument = Pick<DocumentRecord, "id" | "title" | "uri">;

export interface Preferences {
  /** Empty: the server's default. */
  model: string;
  think: boolean;
  scope: readonly ScopeDocument[];
}

const MODEL_KEY = "ondol.model";
const THINK_KEY = "ondol.think";

function readStored(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function store(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // Storage is closed: the choice lasts as long as the page.
  }
}

let preferences: Preferences = { model: readStored(MODEL_KEY), think: readStored(THINK_KEY) === "1", scope: [] };
const listeners = new Set<() => void>();

export function changePreferences(change: Partial<Preferences>): void {
  preferences = { ...preferences, ...change };
  if (change.model !== undefined) store(MODEL_KEY, change.model);
  if (change.think !== undefined) store(THINK_KEY, change.think ? "1" : "");
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => preferences,
  );
}

export function buildOptions(chosen: Preferences, canThink: boolean): AskOptions {
  return {
    ...(chosen.model ? { model: chosen.model } : {}),
    ...(canThink ? { think: chosen.think } : {}),
    documents: chosen.scope.map((document) => document.id),
  };
}
