import { type KeyboardEvent, type RefObject, useEffect, useRef } from "react";
import { isImeKey } from "@/chat/enter";
import { useI18n } from "@/i18n";

interface AnswerFieldProps {
  value: string;
  onChange: (value: string) => void;
  onSave: () => void;
  onLeave: () => void;
  isFirst: boolean;
}

/** An answer to correct in place: it grows with its text; Ctrl/⌘+Enter saves, Esc leaves. */
export function AnswerField({ value, onChange, onSave, onLeave, isFirst }: AnswerFieldProps) {
  const { t } = useI18n();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight + 2}px`;
  }, [value]);
  useEffect(() => {
    const element = field.current;
    if (!isFirst || !element) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, [isFirst]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (isImeKey(event.nativeEvent)) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSave();
    } else if (event.key === "Escape") {
      event.preventDefault();
      onLeave();
    }
  };
  return (
    <textarea
      ref={field}
      aria-label={t("review.answer")}
      value={value}
      rows={2}
      maxLength={20_000}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKeyDown}
      className="block w-full resize-none rounded-xl border border-ember bg-raised px-4 py-2.5 text-base leading-[1.7]"
    />
  );
}

interface NoteFieldProps {
  field: RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
  onDone: () => void;
}

/** One remark. Enter or Esc gives the keys back; the words stay. */
export function NoteField({ field, value, onChange, onDone }: NoteFieldProps) {
  const { t } = useI18n();
  return (
    <input
      ref={field}
      aria-label={t("review.noteLabel")}
      placeholder={t("review.notePlaceholder")}
      value={value}
      maxLength={4000}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (isImeKey(event.nativeEvent) || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        onDone();
      }}
      className="h-10 w-full rounded-lg border border-line-strong bg-paper px-3 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
    />
  );
}
