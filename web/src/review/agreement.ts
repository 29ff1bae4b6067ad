import type { Key } from "@/i18n";

/** Krippendorff's own marks: from 0.8 a conclusion is safe, from 0.667 a tentative one (Content Analysis, 2004). */
export function readAlpha(alpha: number | null): Key {
  if (alpha === null) return "overview.agreeUnknownText";
  if (alpha >= 0.8) return "overview.agreeHigh";
  if (alpha >= 0.667) return "overview.agreeFair";
  return alpha >= 0 ? "overview.agreeLow" : "overview.agreeAgainst";
}
