import { Check, Clock, PencilLine, StickyNote, Undo2, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import type { Verdict } from "@/api/types";
import { type Key, useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import type { Judgement } from "./outbox";

/** What the reviewer is about. */
export type Stage =
  | { at: "look" }
  | { at: "edit"; answers: string[] }
  | { at: "reason"; verdict: "fix" | "reject"; answers: string[] }
  | { at: "saving" }
  | { at: "warned"; judgement: Judgement; warning: string };

const TONES: Record<Verdict, string> = {
  accept: "border-good/50 text-good hover:bg-good-soft aria-pressed:bg-good-soft",
  fix: "border-warn-ink/40 text-warn-ink hover:bg-warn-soft aria-pressed:bg-warn-soft",
  reject: "border-bad/50 text-bad hover:bg-bad-soft aria-pressed:bg-bad-soft",
};
const ICONS = { accept: Check, fix: PencilLine, reject: X } as const;
const KEYS: Record<Verdict, string> = { accept: "A", fix: "F", reject: "R" };
const VERDICTS: readonly Verdict[] = ["accept", "fix", "reject"];
const DONE = { accept: "review.lastAccept", fix: "review.lastFix", reject: "review.lastReject" } as const;

interface LookBarProps {
  judgement: Judgement | null;
  last: Judgement | null;
  canGoBack: boolean;
  hasNote: boolean;
  onVerdict: (verdict: Verdict) => void;
  onBack: () => void;
  onAside: () => void;
  onNote: () => void;
}

/** The three verdicts, and the way back. */
export function LookBar({ judgement, last, canGoBack, hasNote, onVerdict, onBack, onAside, onNote }: LookBarProps) {
  const { t } = useI18n();
  return (
    <div role="group" aria-label={t("review.verdict")} className="flex flex-wrap items-center gap-2 pointer-coarse:gap-x-1.5">
      <Quiet onClick={onBack} disabled={!canGoBack} icon={<Undo2 size={16} aria-hidden />} name={t("review.previous")} keyName="←" />
      {last ? (
        <span data-last={last.verdict} className="hidden items-center text-xs text-ink-3 @xl:flex">
          {t(DONE[last.verdict])}
          {last.reason ? `: ${t(`review.reason.${last.reason}` as Key)}` : ""}
        </span>
      ) : null}
      <span className="flex-1" />
      <Quiet
        onClick={onNote}
        icon={<StickyNote size={16} aria-hidden className={hasNote ? "text-ember" : undefined} />}
        name={t("review.note")}
        keyName="N"
      />
      <Quiet
        onClick={onAside}
        disabled={judgement !== null}
        icon={<Clock size={16} aria-hidden />}
        name={t("review.aside")}
        keyName="S"
      />
      <span className="flex w-full gap-2 @2xl:w-auto">
        {VERDICTS.map((verdict) => {
          const Icon = ICONS[verdict];
          return (
            <button
              key={verdict}
              type="button"
              aria-pressed={judgement?.verdict === verdict}
              aria-keyshortcuts={KEYS[verdict]}
              onClick={() => onVerdict(verdict)}
              className={cx(
                "inline-flex min-h-11 flex-1 items-center justify-center gap-2 rounded-lg border bg-raised px-2 font-medium whitespace-nowrap transition-colors select-none @2xl:min-w-32 @2xl:flex-none @2xl:px-4",
                "aria-pressed:border-current",
                TONES[verdict],
              )}
            >
              <Icon size={17} aria-hidden />
              {t(`review.${verdict}` as const)}
              <Kbd>{KEYS[verdict]}</Kbd>
            </button>
          );
        })}
      </span>
    </div>
  );
}

interface QuietProps {
  onClick: () => void;
  disabled?: boolean;
  icon: ReactNode;
  name: string;
  keyName: string;
}

function Quiet({ onClick, disabled = false, icon, name, keyName }: QuietProps) {
  return (
    <button
      type="button"
      onClick={onClick}
      disabled={disabled}
      className="inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 text-sm text-ink-2 hover:bg-sunken hover:text-ink disabled:cursor-not-allowed disabled:opacity-45 disabled:hover:bg-transparent pointer-coarse:min-h-11"
    >
      {icon}
      {name}
      <Kbd>{keyName}</Kbd>
    </button>
  );
}

interface ReasonBarProps {
  verdict: "fix" | "reject";
  reasons: readonly string[];
  letters: ReadonlyMap<string, string>;
  hasNote: boolean;
  onReason: (reason: string) => void;
  onNote: () => void;
  onLeave: () => void;
}

/** Why: one key each. */
export function ReasonBar({ verdict, reasons, letters, hasNote, onReason, onNote, onLeave }: ReasonBarProps) {
  const { t } = useI18n();
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => group.current?.focus({ preventScroll: true }), []);
  const question = t(verdict === "fix" ? "review.whyFix" : "review.whyReject");
  return (
    <div ref={group} tabIndex={-1} role="group" aria-label={question} className="rise flex flex-wrap items-center gap-2 outline-none">
      <p className={cx("mr-1 text-sm font-semibold max-sm:w-full", verdict === "fix" ? "text-warn-ink" : "text-bad")}>
        {question}
      </p>
      {reasons.map((reason) => (
        <button
          key={reason}
          type="button"
          data-reason={reason}
          onClick={() => onReason(reason)}
          className="inline-flex min-h-11 items-center gap-2 rounded-lg border border-line-strong bg-raised px-2.5 text-sm font-medium hover:border-ember hover:text-ember-strong pointer-coarse:min-h-11"
        >
          {t(`review.reason.${reason}` as Key)}
          <Kbd className="uppercase">{letters.get(reason)}</Kbd>
        </button>
      ))}
      <span className="ml-auto flex gap-2">
        <Quiet
          onClick={onNote}
          icon={<StickyNote size={16} aria-hidden className={hasNote ? "text-ember" : undefined} />}
          name={t("review.note")}
          keyName="N"
        />
        <Quiet onClick={onLeave} icon={<Undo2 size={16} aria-hidden />} name={t("review.leave")} keyName="Esc" />
      </span>
    </div>
  );
}

interface EditBarProps {
  hint: string;
  canSave: boolean;
  onSave: () => void;
  onLeave: () => void;
}

export function EditBar({ hint, canSave, onSave, onLeave }: EditBarProps) {
  const { t } = useI18n();
  return (
    <div className="rise flex flex-wrap items-center gap-2">
      <p className="min-w-0 flex-1 text-sm text-ink-2">{hint}</p>
      <Button kind="quiet" onClick={onLeave}>
        {t("review.leave")}
        <Kbd>Esc</Kbd>
      </Button>
      <Button kind="solid" onClick={onSave} disabled={!canSave}>
        {t("review.fixSave")}
        <Kbd>Ctrl ↵</Kbd>
      </Button>
    </div>
  );
}

interface WarnedBarProps {
  warning: string;
  onKeep: () => void;
  onEdit: () => void;
}

/** The checks doubt a correction. It is kept already; the expert may well know better. */
export function WarnedBar({ warning, onKeep, onEdit }: WarnedBarProps) {
  const { t } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <div ref={box} tabIndex={-1} role="alert" className="rise flex flex-wrap items-center gap-x-4 gap-y-2 outline-none">
      <div className="min-w-60 flex-1 text-sm">
        <p className="font-semibold text-warn-ink">{t("review.warned")}</p>
        <p className="text-ink-2">{readWarning(warning)}</p>
      </div>
      <div className="flex gap-2">
        <Button onClick={onEdit}>
          {t("review.edit")}
          <Kbd>E</Kbd>
        </Button>
        <Button kind="solid" onClick={onKeep}>
          {t("review.keep")}
          <Kbd>↵</Kbd>
        </Button>
      </div>
    </div>
  );
}

/** What the server doubts, without the sentence around it, which the page says in the reader's language. */
function readWarning(warning: string): string {
  return warning.replace(/^The quotation does not bear out: /, "").replace(/\.$/, "");
}
