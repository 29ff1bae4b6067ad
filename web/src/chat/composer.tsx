import { ComposerPrimitive, useAui } from "@assistant-ui/react";
import { ArrowUp, Paperclip, Square } from "lucide-react";
import { useCallback, useEffect, useRef } from "react";
import { filesOfInput } from "@/documents/picking";
import { addFiles } from "@/documents/uploads";
import { useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { IconButton } from "@/ui/button";
import { Floor } from "@/ui/floor";
import { useMedia } from "@/ui/media";
import { ScopePicker } from "./scope-picker";
import { useEnterToSend } from "./enter";
import { ModelPicker } from "./model-picker";

const TOUCH = "(pointer: coarse) and (not (any-pointer: fine))";

/** Put the cursor where a question is typed. */
export function focusComposer(): void {
  document.querySelector<HTMLTextAreaElement>("#question")?.focus();
}

interface ComposerProps {
  isRunning: boolean;
  isFollowUp: boolean;
}

export function Composer({ isRunning, isFollowUp }: ComposerProps) {
  const { t } = useI18n();
  const aui = useAui();
  const input = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const isTouch = useMedia(TOUCH);
  const send = useCallback(() => {
    if (aui.composer.getState().canSend) aui.composer.send();
  }, [aui]);
  // On a phone the keyboard's Enter makes a line, and the button sends.
  useEnterToSend(input, !isTouch, send);
  useEffect(() => {
    if (!isTouch) input.current?.focus();
  }, [isTouch]);
  return (
    <ComposerPrimitive.Root className="mx-auto w-full max-w-[48rem]">
      <div
        className={cx(
          "relative overflow-hidden rounded-2xl border border-line-strong bg-raised shadow-float",
          "has-[textarea:focus-visible]:border-ember has-[textarea:focus-visible]:ring-3 has-[textarea:focus-visible]:ring-ember-soft",
        )}
      >
        <label htmlFor="question" className="sr-only">
          {t("chat.placeholder")}
        </label>
        <ComposerPrimitive.Input
          ref={input}
          id="question"
          submitMode="none"
          addAttachmentOnPaste={false}
          cancelOnEscape={false}
          rows={1}
          maxRows={9}
          maxLength={8000}
          placeholder={t(isFollowUp ? "chat.placeholderFollow" : "chat.placeholder")}
          aria-describedby={isTouch ? undefined : "question-hint"}
          className="block w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-base leading-relaxed outline-none"
        />
        <p id="question-hint" className="sr-only">
          {t("chat.hint")}
        </p>
        <div className="flex items-center gap-1 px-2 pt-1 pb-2">
          <IconButton label={t("documents.add")} compact onClick={() => picker.current?.click()}>
            <Paperclip size={17} aria-hidden />
          </IconButton>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={t("documents.add")}
            onChange={(event) => addFiles(filesOfInput(event.currentTarget))}
          />
          <div className="flex min-w-0 flex-1 items-center gap-1">
            <ScopePicker />
            <ModelPicker />
          </div>
          {isRunning ? (
            <ComposerPrimitive.Cancel asChild>
              <IconButton label={t("chat.stop")} className="bg-ink text-paper hover:bg-ink-2 hover:text-paper">
                <Square size={14} fill="currentColor" aria-hidden />
              </IconButton>
            </ComposerPrimitive.Cancel>
          ) : (
            <ComposerPrimitive.Send asChild>
              <IconButton
                label={t("chat.send")}
                className="bg-ember text-on-ember hover:bg-ember-strong hover:text-on-ember disabled:bg-sunken disabled:text-ink-3 disabled:opacity-100"
              >
                <ArrowUp size={19} aria-hidden />
              </IconButton>
            </ComposerPrimitive.Send>
          )}
        </div>
      </div>
      <Floor warm={isRunning} />
    </ComposerPrimitive.Root>
  );
}
