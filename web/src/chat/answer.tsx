import { Fragment, useMemo, type ReactNode } from "react";
import { Quote, SearchX } from "lucide-react";
import type { Citation, Hit } from "@/api/types";
import { useI18n } from "@/i18n";
import { openCitation, openHit, closeSource, useSource, type SourceView } from "@/sources/store";
import { type AnswerBlock, type Inline, parseAnswer } from "@/text/answer";
import { splitAtSpans } from "@/text/codepoints";
import { cx } from "@/text/cx";
import { describePlace, titleOf } from "@/text/export";
import { Button } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { AnswerActions } from "./answer-actions";
import { chat, type Turn } from "./store";
import { useThreadContext } from "./thread-context";

/** One answer, from the search to its sources. */
export function AnswerView({ turn }: { turn: Turn }) {
  const { t } = useI18n();
  const isAbstained = turn.answer?.abstained ?? false;
  return (
    <article aria-busy={turn.status === "running"} className="mt-5 text-base leading-[1.7]">
      <h2 className="sr-only">{t("chat.answer")}</h2>
      {isAbstained ? <Abstention turn={turn} /> : <AnswerText turn={turn} />}
      {turn.status === "running" && !turn.text ? <Stage turn={turn} /> : null}
      {turn.status === "done" && !isAbstained ? <Sources citations={turn.citations} /> : null}
      {turn.answer ? <ReasonNote turn={turn} /> : null}
      {turn.answer ? <Withheld turn={turn} /> : null}
      <Ending turn={turn} />
      {turn.answer ? <AnswerActions turn={turn} answer={turn.answer} /> : null}
    </article>
  );
}

function Stage({ turn }: { turn: Turn }) {
  const { t, count } = useI18n();
  return (
    <p className="flex items-center gap-3 text-sm text-ink-2">
      <span aria-hidden className="size-1.5 animate-pulse rounded-full bg-ember" />
      {turn.hits === null ? t("chat.searching") : count("chat.reading", turn.hits.length)}
    </p>
  );
}

function AnswerText({ turn }: { turn: Turn }) {
  const { t } = useI18n();
  const { text, citations, answer } = turn;
  const isExtractive = answer?.mode === "extractive";
  const numbers = useMemo(() => new Set(citations.map((citation) => citation.number)), [citations]);
  const blocks = useMemo(() => parseAnswer(text, numbers, { strong: !isExtractive }), [text, numbers, isExtractive]);
  if (!text) return null;
  return (
    <div className={cx(isExtractive && "border-l-[3px] border-ember pl-4")}>
      {isExtractive ? (
        <p className="mb-2 flex items-center gap-2 text-sm text-ember-strong">
          <Quote size={15} aria-hidden />
          {t("answer.extractive")}
        </p>
      ) : null}
      <div lang={answer?.language || undefined} className="space-y-3">
        {blocks.map((block, index) => (
          <Block key={index} block={block} citations={citations} />
        ))}
      </div>
    </div>
  );
}

function Block({ block, citations }: { block: AnswerBlock; citations: readonly Citation[] }) {
  if (block.type === "paragraph") {
    return (
      <p className="whitespace-pre-line">
        <Inlines content={block.content} citations={citations} />
      </p>
    );
  }
  const items = block.items.map((item, index) => (
    <li key={index} className="pl-1">
      <Inlines content={item} citations={citations} />
    </li>
  ));
  return block.ordered ? (
    <ol start={block.start} className="list-decimal space-y-1.5 pl-6 marker:text-ink-3">
      {items}
    </ol>
  ) : (
    <ul className="list-disc space-y-1.5 pl-6 marker:text-ink-3">{items}</ul>
  );
}

function Inlines({ content, citations }: { content: readonly Inline[]; citations: readonly Citation[] }): ReactNode {
  return content.map((piece, index) => {
    if (piece.type === "text") return piece.strong ? <strong key={index}>{piece.text}</strong> : <Fragment key={index}>{piece.text}</Fragment>;
    const citation = citations.find((other) => other.number === piece.number);
    return citation ? <CitationMark key={index} citation={citation} /> : null;
  });
}

function isShown(view: SourceView | null, document: string, start: number, page: number | null | undefined): boolean {
  const locator = view?.passage?.locator;
  return view?.document === document && locator?.start === start && (locator.page ?? null) === (page ?? null);
}

/** The small number after a sentence: opens the passage it stands on. */
function CitationMark({ citation }: { citation: Citation }) {
  const { t } = useI18n();
  const { document, locator, number } = citation;
  const isOpen = isShown(useSource(), document, locator.start, locator.page);
  const place = describePlace(locator, t);
  const name = t("answer.cite", { n: number, title: titleOf(citation) }) + (place ? `, ${place}` : "");
  return (
    <button
      type="button"
      aria-label={name}
      aria-pressed={isOpen}
      title={name}
      onClick={() => (isOpen ? closeSource() : openCitation(citation))}
      className={cx(
        "relative mx-0.5 inline-grid h-[1.35em] min-w-[1.35em] -translate-y-[0.12em] place-items-center rounded-md px-1 align-baseline",
        "text-[0.75em] leading-none font-semibold tabular-nums transition-colors before:absolute before:-inset-1.5",
        isOpen ? "bg-ember text-on-ember" : "bg-ember-soft text-ember-strong hover:bg-ember hover:text-on-ember",
      )}
    >
      {number}
    </button>
  );
}

function Sources({ citations }: { citations: readonly Citation[] }) {
  const { t } = useI18n();
  const view = useSource();
  if (!citations.length) return null;
  return (
    <section className="mt-5">
      <h3 className="text-xs font-semibold text-ink-3">{t("answer.sources")}</h3>
      <ol className="mt-1.5 grid gap-1.5 sm:grid-cols-2">
        {citations.map((citation) => {
          const { number, document, locator } = citation;
          const place = describePlace(locator, t);
          const isOpen = isShown(view, document, locator.start, locator.page);
          return (
            <li key={number} className="min-w-0">
              <button
                type="button"
                aria-pressed={isOpen}
                onClick={() => (isOpen ? closeSource() : openCitation(citation))}
                className={cx(
                  "flex min-h-11 w-full min-w-0 items-center gap-2.5 rounded-lg border px-2.5 py-1.5 text-left text-sm leading-snug",
                  isOpen ? "border-ember bg-ember-soft" : "border-line bg-raised hover:border-line-strong",
                )}
              >
                <span className="grid size-5 shrink-0 place-items-center rounded bg-ember-soft text-xs font-semibold text-ember-strong tabular-nums">
                  {number}
                </span>
                <span className="min-w-0">
                  <span className="block truncate">{titleOf(citation)}</span>
                  <span className="block truncate text-xs text-ink-2">
                    {place ? `${place} · ` : ""}
                    {citation.quote}
                  </span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Abstention({ turn }: { turn: Turn }) {
  const { t } = useI18n();
  const nearest = turn.answer?.nearest ?? [];
  return (
    <div className="rounded-2xl border border-dashed border-line-strong bg-sunken p-4 sm:p-5">
      <p className="flex items-center gap-2 font-semibold">
        <SearchX size={18} aria-hidden className="shrink-0 text-ink-3" />
        {t("answer.abstained")}
      </p>
      <p className="mt-1 text-[0.9375rem] text-ink-2">{turn.text}</p>
      {nearest.length ? (
        <section className="mt-4">
          <h3 className="text-xs font-semibold text-ink-3">{t("answer.nearest")}</h3>
          <ul className="mt-2 space-y-2">
            {nearest.map((hit) => (
              <li key={hit.chunk_id}>
                <HitCard hit={hit} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}

const SNIPPET_POINTS = 280;

/** Keep the part of a long passage where the first match is. */
function snippetOf(hit: Hit): { text: string; spans: [number, number][] } {
  const points = [...hit.text];
  const first = hit.highlights[0]?.[0] ?? 0;
  const from = points.length <= SNIPPET_POINTS ? 0 : Math.max(0, Math.min(first - 60, points.length - SNIPPET_POINTS));
  const to = Math.min(points.length, from + SNIPPET_POINTS);
  const shift = from > 0 ? 1 - from : 0;
  const spans = hit.highlights
    .filter(([start, end]) => start >= from && end <= to)
    .map(([start, end]): [number, number] => [start + shift, end + shift]);
  return { text: `${from > 0 ? "…" : ""}${points.slice(from, to).join("")}${to < points.length ? "…" : ""}`, spans };
}

function HitCard({ hit }: { hit: Hit }) {
  const { t } = useI18n();
  const isOpen = isShown(useSource(), hit.document, hit.locator.start, hit.locator.page);
  const { text, spans } = snippetOf(hit);
  const place = describePlace(hit.locator, t);
  return (
    <button
      type="button"
      aria-pressed={isOpen}
      onClick={() => (isOpen ? closeSource() : openHit(hit))}
      className={cx(
        "block w-full rounded-xl border bg-raised px-3.5 py-2.5 text-left text-sm leading-relaxed",
        isOpen ? "border-ember" : "border-line hover:border-line-strong",
      )}
    >
      <span className="block truncate font-medium">
        {titleOf(hit)}
        {place ? <span className="font-normal text-ink-2">{`, ${place}`}</span> : null}
      </span>
      <span className="mt-0.5 line-clamp-3 whitespace-pre-line text-ink-2">
        {splitAtSpans(text, spans).map((piece, index) =>
          piece.marked ? (
            <b key={index} className="font-semibold text-ink">
              {piece.text}
            </b>
          ) : (
            <Fragment key={index}>{piece.text}</Fragment>
          ),
        )}
      </span>
    </button>
  );
}

const NO_NOTE: ReadonlySet<string> = new Set(["", "not_found", "no_model"]);

/** Why this answer is less than it might have been, where that is worth knowing. */
function ReasonNote({ turn }: { turn: Turn }) {
  const { t, explain } = useI18n();
  const reason = turn.answer?.reason ?? "";
  if (NO_NOTE.has(reason)) return null;
  const note =
    reason === "partly_found"
      ? t("answer.reason.partly")
      : reason === "unsupported"
        ? t("answer.reason.unsupported")
        : t("answer.reason.failed", { reason: explain({ code: reason, message: reason }).message.replace(/\.$/, "") });
  return <p className="mt-3 text-xs text-ink-3">{note}</p>;
}

function Withheld({ turn }: { turn: Turn }) {
  const { count } = useI18n();
  const sentences = turn.answer?.withheld.unsupported_sentences ?? 0;
  const citations = turn.answer?.withheld.unverified_citations ?? 0;
  if (!sentences && !citations) return null;
  return (
    <p className="mt-3 text-xs text-ink-3">
      {sentences ? <span className="block">{count("answer.withheldSentences", sentences)}</span> : null}
      {citations ? <span className="block">{count("answer.withheldCitations", citations)}</span> : null}
    </p>
  );
}

/** How an answer that did not come to its end ended. */
function Ending({ turn }: { turn: Turn }) {
  const { t } = useI18n();
  const { thread, options } = useThreadContext();
  if (turn.status !== "failed" && turn.status !== "stopped") return null;
  const again = (
    <Button size="small" onClick={() => void chat.askAgain(thread.key, turn.id, options)}>
      {t("chat.askAgain")}
    </Button>
  );
  if (turn.status === "failed" && turn.error) {
    return (
      <div className="mt-3">
        <FailureNote failure={turn.error} title={t("chat.failed")}>
          {again}
        </FailureNote>
      </div>
    );
  }
  return (
    <div className="mt-3 flex flex-wrap items-center gap-3 text-sm text-ink-2">
      <span>{t(turn.text ? "chat.stopped" : "chat.stoppedEmpty")}</span>
      {again}
    </div>
  );
}
