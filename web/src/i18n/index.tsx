/** Words, dates and numbers in Korean and English. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Failure } from "@/api/types";
import { en } from "./en";
import { ko } from "./ko";

export type Language = "ko" | "en";
export type Key = keyof typeof en;
type CountedKey<K> = K extends `${infer Stem}_other` ? Stem : never;
export type Counted = CountedKey<Key>;
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const WORDS: Record<Language, Record<Key, string>> = { en, ko };
export const LANGUAGE_KEY = "ondol.language";

export function translate(language: Language, key: Key, values: Record<string, string | number> = {}): string {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
  });
}

export function translateCount(language: Language, stem: Counted, n: number): string {
  const form = new Intl.PluralRules(language).select(n) === "one" ? "one" : "other";
  return translate(language, `${stem}_${form}` as Key, { n });
}

/** What to tell a person about a failure: our words where the code is known, the server's otherwise. */
export function explainFailure(language: Language, failure: Failure): { message: string; remedy: string } {
  const message = `error.${failure.code}`;
  if (message in en) {
    return {
      message: translate(language, message as Key),
      remedy: translate(language, `${message}.remedy` as Key),
    };
  }
  return { message: failure.message, remedy: failure.remedy ?? "" };
}

export function formatBytes(language: Language, bytes: number): string {
  if (bytes < 1000) return `${new Intl.NumberFormat(language).format(bytes)} B`;
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(language, {
    style: "unit", unit: units[power] ?? "byte", unitDisplay: "short",
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(bytes / 1000 ** power);
}

export function formatDate(language: Language, iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(date);
}

export type LanguageChoice = Language | "auto";

function readChoice(): LanguageChoice {
  try {
    const value = localStorage.getItem(LANGUAGE_KEY);
    return value === "ko" || value === "en" ? value : "auto";
  } catch {
    return "auto";
  }
}

export function browserLanguage(languages: readonly string[] = navigator.languages): Language {
  const first = languages.find((name) => /^(ko|en)\b/i.test(name)) ?? "en";
  return /^ko/i.test(first) ? "ko" : "en";
}

interface I18n {
  language: Language;
  choice: LanguageChoice;
  choose: (choice: LanguageChoice) => void;
  t: Translate;
  count: (stem: Counted, n: number) => string;
  explain: (failure: Failure) => { message: string; remedy: string };
  bytes: (bytes: number) => string;
  date: (iso: string) => string;
}

const Context = createContext<I18n | null>(null);

export function I18nProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<LanguageChoice>(readChoice);
  const language = choice === "auto" ? browserLanguage() : choice;
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = useCallback((next: LanguageChoice) => {
    setChoice(next);
    try {
      if (next === "auto") localStorage.removeItem(LANGUAGE_KEY);
      else localStorage.setItem(LANGUAGE_KEY, next);
    } catch {
      // Not kept beyond this page, which is all that a closed storage allows.
    }
  }, []);
  const value = useMemo<I18n>(
    () => ({
      language,
      choice,
      choose,
      t: (key, values) => translate(language, key, values),
      count: (stem, n) => translateCount(language, stem, n),
      explain: (failure) => explainFailure(language, failure),
      bytes: (bytes) => formatBytes(language, bytes),
      date: (iso) => formatDate(language, iso),
    }),
    [language, choice, choose],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useI18n(): I18n {
  const value = useContext(Context);
  if (!value) throw new Error("useI18n is used outside I18nProvider");
  return value;
}
