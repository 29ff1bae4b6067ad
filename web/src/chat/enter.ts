/**
 * When does Enter mean “send”? Not while an input method is composing: Korean, Japanese and Chinese are typed in
 * steps, and sending in the middle loses or doubles the last syllable.
 *
 * Browsers differ. Chrome sends a key event that says `isComposing`, then (Korean) a second one that does not; Safari
 * ends the composition first and marks the key by code 229 alone; some send no second key event but ask to insert a
 * line break. All three end here in exactly one send, and an Enter that only picks a candidate (Japanese) in none.
 */

import { type RefObject, useEffect } from "react";

const IME_KEY = 229;

export function isImeKey(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === IME_KEY;
}

export function useEnterToSend(input: RefObject<HTMLTextAreaElement | null>, enabled: boolean, send: () => void): void {
  useEffect(() => {
    const element = input.current;
    if (!element || !enabled) return undefined;
    let isComposing = false;
    let enterEndedComposition = false;
    const onStart = () => {
      isComposing = true;
    };
    const onEnd = () => {
      isComposing = false;
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
      if (isComposing || isImeKey(event)) {
        enterEndedComposition = true;
        return;
      }
      enterEndedComposition = false;
      event.preventDefault();
      if (!event.repeat) send();
    };
    const onBeforeInput = (event: InputEvent) => {
      const isBreak = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
      if (!isBreak || !enterEndedComposition || event.isComposing || isComposing) return;
      enterEndedComposition = false;
      event.preventDefault();
      send();
    };
    const onKeyUp = () => {
      enterEndedComposition = false;
    };
    element.addEventListener("compositionstart", onStart);
    element.addEventListener("compositionend", onEnd);
    element.addEventListener("keydown", onKeyDown);
    element.addEventListener("beforeinput", onBeforeInput);
    element.addEventListener("keyup", onKeyUp);
    return () => {
      element.removeEventListener("compositionstart", onStart);
      element.removeEventListener("compositionend", onEnd);
      element.removeEventListener("keydown", onKeyDown);
      element.removeEventListener("beforeinput", onBeforeInput);
      element.removeEventListener("keyup", onKeyUp);
    };
  }, [input, enabled, send]);
}
