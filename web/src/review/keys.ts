/** Which key means what while reviewing. Nothing fires in a text field, in a menu or while an input method composes. */

import { isImeKey } from "@/chat/enter";

export type Command =
  | "accept" | "fix" | "reject" | "back" | "forward" | "aside" | "note" | "passages" | "open" | "keys" | "cancel" | "keep" | "edit";
/** `look`: an example is before the reader; `reason`: why is asked; `warned`: a correction is in doubt. */
export type Mode = "look" | "reason" | "warned";

const LOOKING: Record<string, Command> = {
  a: "accept", "1": "accept", f: "fix", "2": "fix", r: "reject", "3": "reject",
  Backspace: "back", ArrowLeft: "back", ArrowRight: "forward",
  s: "aside", n: "note", p: "passages", o: "open", "?": "keys",
};
const REASONING: Record<string, Command> = { n: "note", "?": "keys", Escape: "cancel", Backspace: "cancel", ArrowLeft: "cancel" };
const WARNED: Record<string, Command> = { k: "keep", Enter: "keep", e: "edit", "?": "keys", Escape: "edit" };
const COMMANDS: Record<Mode, Record<string, Command>> = { look: LOOKING, reason: REASONING, warned: WARNED };

type Key = Pick<KeyboardEvent, "key" | "code" | "keyCode" | "isComposing" | "ctrlKey" | "metaKey" | "altKey">;

/** The key by its name; on a Hangul layout by its place, so that ㅁ is A. `null` for what belongs to the system. */
export function nameKey(event: Key): string | null {
  if (isImeKey(event) || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[ㄱ-ㆎ가-힣]$/.test(event.key)) return /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase() ?? null;
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

export function readCommand(event: Key, mode: Mode): Command | null {
  const name = nameKey(event);
  return name === null ? null : (COMMANDS[mode][name] ?? null);
}

/** One letter for each reason: the first of its word that is free. */
export function chooseLetters(reasons: readonly string[]): Map<string, string> {
  const taken = new Set(Object.keys(REASONING));
  const letters = new Map<string, string>();
  for (const reason of reasons) {
    const letter = [...reason.toLowerCase(), ..."abcdefghijklmnopqrstuvwxyz"].find((each) => /[a-z]/.test(each) && !taken.has(each));
    if (letter === undefined) continue;
    taken.add(letter);
    letters.set(reason, letter);
  }
  return letters;
}

const TYPED = "input, textarea, select, [contenteditable], [role=menu], [role=tablist], [role=listbox], dialog";

/** Whether a key pressed there is somebody's writing, or a control's own. */
export function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPED) !== null;
}
