import { useSyncExternalStore } from "react";

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}

/** Room for the source panel beside the conversation. */
export const WIDE = "(min-width: 68rem)";
/** Room for the rail beside the conversation. */
export const MEDIUM = "(min-width: 48rem)";
