import { SquareArrowOutUpRight, TriangleAlert } from "lucide-react";
import type { ReviewItem } from "@/api/types";
import { useI18n } from "@/i18n";
import { openPlace } from "@/sources/store";
import { titleOf } from "@/text/export";
import { Kbd } from "@/ui/kbd";
import type { Shown } from "./conversation";
import { type Place, readPlaces } from "./quotes";
import { Passages } from "./sample";

/** Open the document in the source panel, at the quotation. */
export function openSourceOf(item: ReviewItem, index: number): void {
  const source = item.sources[index];
  const evidence = item.example.provenance.evidence[index];
  if (!source?.stands || !evidence) return;
  const { document, title, uri, quote } = source;
  const { start, end } = evidence;
  openPlace({ document, title, uri }, { start, end, ...(source.page ? { page: source.page } : {}) }, quote);
}

interface SourcesProps {
  item: ReviewItem;
  /** What the question came with; looked at where no source is quoted. */
  passages: readonly Shown[];
}

export function Sources({ item, passages }: SourcesProps) {
  const { t } = useI18n();
  const { sources, example } = item;
  if (!sources.length) {
    return (
      <div>
        <div className="rounded-xl border border-dashed border-line-strong px-4 py-3">
          <p className="font-semibold">{t("review.noSource")}</p>
          <p className="text-sm text-ink-2">{t("review.noSourceText")}</p>
          {passages.length ? <p className="mt-1 text-sm text-ink-2">{t("review.shownText")}</p> : null}
        </div>
        <Passages passages={passages} language={example.language} />
      </div>
    );
  }
  return (
    <ol className="space-y-3">
      {readPlaces(item).map((place, position) => (
        <li key={place.index}>
          <SourceCard
            place={place}
            language={example.language}
            isFirst={position === 0}
            onOpen={() => openSourceOf(item, place.index)}
          />
        </li>
      ))}
    </ol>
  );
}

interface SourceCardProps {
  place: Place;
  language: string;
  isFirst: boolean;
  onOpen: () => void;
}

function SourceCard({ place: { source, pieces }, language, isFirst, onOpen }: SourceCardProps) {
  const { t } = useI18n();
  const title = titleOf(source);
  const context = source.context === title ? "" : source.context;
  const place = [source.page ? t("place.page", { n: source.page }) : "", context].filter(Boolean).join(" · ");
  return (
    <article className="overflow-clip rounded-xl border border-line bg-raised">
      <header className="border-b border-line px-4 py-2.5">
        {source.stands ? (
          <button
            type="button"
            onClick={onOpen}
            aria-label={t("review.openSource", { title })}
            className="group flex w-full items-center gap-2 text-left font-semibold hover:text-ember-strong"
          >
            <span className="min-w-0 flex-1 truncate">{title}</span>
            {isFirst ? <Kbd className="text-ink-2">O</Kbd> : null}
            <SquareArrowOutUpRight size={15} aria-hidden className="shrink-0 text-ink-3 group-hover:text-ember" />
          </button>
        ) : (
          <p className="truncate font-semibold">{title}</p>
        )}
        {place ? <p className="mt-0.5 text-xs text-ink-2">{place}</p> : null}
      </header>
      {source.stands ? null : (
        <p className="flex gap-2 bg-warn-soft px-4 py-2 text-sm text-warn-ink">
          <TriangleAlert size={16} aria-hidden className="mt-0.5 shrink-0" />
          {t("review.gone")}
        </p>
      )}
      <div lang={language || undefined} className="px-4 py-3 text-[0.9375rem] leading-[1.75] whitespace-pre-wrap">
        {pieces.map((piece, index) =>
          piece.marked ? (
            <mark
              key={index}
              data-quote
              className="rounded-[3px] box-decoration-clone py-[0.15em] shadow-[0_2px_0_var(--glow)]"
            >
              {piece.text}
            </mark>
          ) : (
            <span key={index} className="text-ink-2">
              {piece.text}
            </span>
          ),
        )}
      </div>
    </article>
  );
}
