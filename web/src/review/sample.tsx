import { ChevronRight } from "lucide-react";
import { type ReactNode, useId } from "react";
import { type Key, useI18n } from "@/i18n";
import { LabelBadge } from "@/documents/label-badge";
import { en } from "@/i18n/en";
import { cx } from "@/text/cx";
import type { Reading, Shown } from "./conversation";
import type { Entry } from "./session";

interface FoldProps {
  title: ReactNode;
  open: boolean;
  onToggle: () => void;
  children: ReactNode;
  keyName?: ReactNode;
}

/** Something that is there for whoever wants it. */
export function Fold({ title, open, onToggle, children, keyName }: FoldProps) {
  const id = useId();
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={onToggle}
        className="-ml-1.5 flex min-h-8 items-center gap-1 rounded-lg pr-2 pl-0.5 text-sm text-ink-2 hover:bg-sunken hover:text-ink pointer-coarse:min-h-10"
      >
        <ChevronRight size={16} aria-hidden className={cx("shrink-0 transition-transform", open && "rotate-90")} />
        {title}
        {keyName ? <span className="ml-1.5">{keyName}</span> : null}
      </button>
      <div id={id}>{open ? children : null}</div>
    </div>
  );
}

export function Passages({ passages, language }: { passages: readonly Shown[]; language: string }) {
  return (
    <ol className="mt-2 space-y-2">
      {passages.map((passage, index) => (
        <li key={index} className="rounded-xl border border-line bg-raised px-4 py-3">
          <p className="text-xs font-semibold text-ink-2">
            <span className="mr-1.5 text-ink-3 tabular-nums">{index + 1}</span>
            {passage.head}
          </p>
          <p lang={language || undefined} className="mt-1.5 text-sm leading-[1.65] whitespace-pre-wrap">
            {passage.text}
          </p>
        </li>
      ))}
    </ol>
  );
}

function Chip({ children }: { children: ReactNode }) {
  return <span className="rounded-md bg-sunken px-1.5 py-0.5 text-xs font-medium text-ink-2">{children}</span>;
}

export function About({ entry, isAgain }: { entry: Entry; isAgain: boolean }) {
  const { t } = useI18n();
  const { example, split, pick } = entry.item;
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-3">
      <Chip>{t(`review.kind.${example.kind}` as Key)}</Chip>
      <Chip>{t(`review.split.${split}` as Key)}</Chip>
      {example.book === "open" ? <Chip>{t("review.book")}</Chip> : null}
      {example.label === "open" ? null : <LabelBadge label={example.label} />}
      {isAgain ? (
        <span className="text-warn-ink">{t("review.again")}</span>
      ) : pick ? (
        <span>{t("review.why", { reason: t(`review.pick.${pick}` as Key) })}</span>
      ) : null}
    </div>
  );
}

interface ConversationProps {
  reading: Reading;
  language: string;
  /** The corrected answers while they are edited or as they were kept. */
  answers: readonly string[];
  /** Puts a field in place of answer number `index`. */
  editAnswer: ((index: number) => ReactNode) | null;
}

export function Conversation({ reading, language, answers, editAnswer }: ConversationProps) {
  const { t } = useI18n();
  return (
    <div lang={language || undefined} className="space-y-5">
      {reading.turns.map((turn, index) => (
        <div key={index}>
          <div className="flex justify-end">
            <div
              data-question
              className="max-w-[90%] rounded-2xl rounded-br-md bg-sunken px-4 py-2.5 text-base whitespace-pre-wrap ring-1 ring-line ring-inset"
            >
              <span className="sr-only">{t("review.question")}: </span>
              {turn.question}
            </div>
          </div>
          {editAnswer ? (
            <div className="mt-3">{editAnswer(index)}</div>
          ) : (
            <div data-answer className="mt-3 text-base leading-[1.7] whitespace-pre-wrap">
              <span className="sr-only">{t("review.answer")}: </span>
              {answers[index] ?? turn.answer}
            </div>
          )}
        </div>
      ))}
    </div>
  );
}

function nameCheck(check: string, t: (key: Key) => string): string {
  const key = `review.check.${check}`;
  return key in en ? t(key as Key) : check;
}

export function Checks({ entry, open, onToggle }: { entry: Entry; open: boolean; onToggle: () => void }) {
  const { t, language } = useI18n();
  const { verdicts } = entry.item.example;
  if (!verdicts.length) return null;
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const score = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return (
    <Fold title={t("review.checks", { passed, total: verdicts.length })} open={open} onToggle={onToggle}>
      <ul className="mt-1 max-w-md text-sm">
        {verdicts.map((verdict) => (
          <li key={verdict.check} className="border-b border-line py-1 last:border-0">
            <div className="flex items-baseline gap-3">
              <span className="min-w-0 flex-1 text-ink-2">{nameCheck(verdict.check, t)}</span>
              <span className={cx("text-xs font-medium", verdict.passed ? "text-good" : "text-bad")}>
                {t(verdict.passed ? "review.checkPassed" : "review.checkFailed")}
              </span>
              <span className="w-10 text-right text-xs text-ink-2 tabular-nums">{score.format(verdict.score)}</span>
            </div>
            {verdict.detail ? <p className="text-xs text-ink-3">{verdict.detail}</p> : null}
          </li>
        ))}
      </ul>
    </Fold>
  );
}
