import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download, LocateFixed, MessageSquareText, X, ZoomIn, ZoomOut } from "lucide-react";
import { Tabs } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import { ApiError, loadDocument, loadDocumentText, originalAddress, toFailure } from "@/api/client";
import type { DocumentRecord, DocumentText } from "@/api/types";
import { askAbout } from "@/documents/document-row";
import { LabelBadge } from "@/documents/label-badge";
import { useI18n } from "@/i18n";
import { sliceCodePoints } from "@/text/codepoints";
import { describePlace, fileName, titleOf } from "@/text/export";
import { IconButton } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { PageImage } from "./page-image";
import { closeSource, type SourceView } from "./store";
import { TextView } from "./text-view";

/** A document, opened at the passage an answer stands on. */
export function SourcePanel({ view }: { view: SourceView }) {
  const { t } = useI18n();
  const heading = useRef<HTMLHeadingElement>(null);
  const { document, passage } = view;
  const record = useQuery({
    queryKey: ["document", document],
    queryFn: ({ signal }) => loadDocument(document, signal),
  });
  const text = useQuery({
    queryKey: ["text", document, record.data?.blob_sha256],
    queryFn: ({ signal }) => loadDocumentText(document, signal),
    enabled: record.isSuccess,
    staleTime: Infinity,
  });
  const place = `${document}:${passage?.locator.page ?? 0}:${passage?.locator.start ?? ""}`;
  useEffect(() => heading.current?.focus({ preventScroll: true }), [place]);
  const error = record.error ?? text.error;
  const title = record.data ? titleOf(record.data) : titleOf(view);
  return (
    <div data-source-panel className="flex min-h-0 flex-1 flex-col">
      <header className="flex items-start gap-2 border-b border-line py-3 pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <p className="text-xs font-semibold text-ember-strong">
            {passage?.number ? t("source.number", { n: passage.number }) : t("source.panel")}
          </p>
          <h2 ref={heading} tabIndex={-1} className="truncate font-semibold outline-none" title={title}>
            {title}
          </h2>
          <p className="flex min-w-0 items-center gap-2 text-xs text-ink-2">
            <span className="truncate">
              {[passage ? describePlace(passage.locator, t) : "", fileName(view.uri)].filter(Boolean).join(" · ")}
            </span>
            {record.data ? (
              <span className="shrink-0">
                <LabelBadge label={record.data.label} />
              </span>
            ) : null}
          </p>
        </div>
        <IconButton
          label={t("source.ask")}
          compact
          onClick={() => {
            askAbout({ id: document, title, uri: view.uri });
            closeSource({ refocus: false });
          }}
        >
          <MessageSquareText size={17} aria-hidden />
        </IconButton>
        <a
          href={originalAddress(document)}
          download
          aria-label={t("source.download")}
          title={t("source.download")}
          className="grid size-8 shrink-0 place-items-center rounded-lg text-ink-2 hover:bg-sunken hover:text-ink pointer-coarse:size-10"
        >
          <Download size={17} aria-hidden />
        </a>
        <IconButton label={t("app.close")} compact onClick={() => closeSource()}>
          <X size={18} aria-hidden />
        </IconButton>
      </header>
      {error ? (
        <div className="p-4">
          <FailureNote
            failure={toFailure(error)}
            {...(error instanceof ApiError && error.status === 404 ? { title: t("source.gone") } : {})}
          />
        </div>
      ) : null}
      {record.data && text.data ? <Reader key={place} view={view} record={record.data} text={text.data} /> : null}
      {!error && !text.data ? (
        <p role="status" className="p-4 text-sm text-ink-2">
          {t("app.loading")}
        </p>
      ) : null}
    </div>
  );
}

const ZOOMS = [1, 1.4, 2, 3] as const;

interface ReaderProps {
  view: SourceView;
  record: DocumentRecord;
  text: DocumentText;
}

function Reader({ view, record, text }: ReaderProps) {
  const { t } = useI18n();
  const locator = view.passage?.locator ?? null;
  const pages = text.pages ?? null;
  const first = locator?.page ?? pages?.[0]?.page ?? null;
  const [page, setPage] = useState(first);
  const [zoom, setZoom] = useState(0);
  const [tab, setTab] = useState("page");
  const shownText = (page === null ? text.text : pages?.find((other) => other.page === page)?.text) ?? "";
  const isHome = page === (locator?.page ?? null) || (locator === null && page === first);
  const span: [number, number] | null = locator && isHome ? [locator.start, locator.end] : null;
  const isChanged = span !== null && view.passage !== null && sliceCodePoints(shownText, ...span) !== view.passage.quote;
  const hasImages = record.kind === "pdf" && page !== null;
  const marked = isChanged ? null : span;
  const reader = <TextView key={page ?? 0} text={shownText} span={marked} language={record.language} />;
  return (
    <>
      {isChanged ? (
        <p role="status" className="bg-warn-soft px-4 py-2 text-sm text-warn-ink">
          {t("source.changed")}
        </p>
      ) : null}
      {hasImages ? (
        <Tabs.Root value={tab} onValueChange={setTab} className="flex min-h-0 flex-1 flex-col">
          <div className="flex items-center justify-between border-b border-line px-3 pt-1">
            <Tabs.List aria-label={t("source.panel")} className="flex gap-1">
              {(["page", "text"] as const).map((name) => (
                <Tabs.Trigger
                  key={name}
                  value={name}
                  className="-mb-px min-h-10 border-b-2 border-transparent px-3 text-sm text-ink-2 data-[state=active]:border-ember data-[state=active]:font-medium data-[state=active]:text-ink"
                >
                  {t(name === "page" ? "source.pageTab" : "source.textTab")}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            {tab === "page" ? <ZoomButtons zoom={zoom} onZoom={setZoom} /> : null}
          </div>
          <Tabs.Content value="page" className="min-h-0 flex-1 overflow-auto bg-sunken p-3">
            <PageImage
              key={page}
              document={record.id}
              title={titleOf(record)}
              page={page}
              span={marked}
              zoom={ZOOMS[zoom] ?? 1}
            />
          </Tabs.Content>
          <Tabs.Content value="text" className="flex min-h-0 flex-1 flex-col">
            {reader}
          </Tabs.Content>
        </Tabs.Root>
      ) : (
        reader
      )}
      {page !== null && pages && pages.length > 1 ? (
        <PageTurner page={page} pages={pages.map((other) => other.page)} home={locator?.page ?? null} onTurn={setPage} />
      ) : null}
    </>
  );
}

function ZoomButtons({ zoom, onZoom }: { zoom: number; onZoom: (zoom: number) => void }) {
  const { t } = useI18n();
  return (
    <div className="flex">
      <IconButton label={t("source.zoomOut")} compact disabled={zoom === 0} onClick={() => onZoom(zoom - 1)}>
        <ZoomOut size={17} aria-hidden />
      </IconButton>
      <IconButton label={t("source.zoomIn")} compact disabled={zoom === ZOOMS.length - 1} onClick={() => onZoom(zoom + 1)}>
        <ZoomIn size={17} aria-hidden />
      </IconButton>
    </div>
  );
}

interface PageTurnerProps {
  page: number;
  pages: readonly number[];
  home: number | null;
  onTurn: (page: number) => void;
}

function PageTurner({ page, pages, home, onTurn }: PageTurnerProps) {
  const { t } = useI18n();
  const index = pages.indexOf(page);
  const previous = pages[index - 1];
  const next = pages[index + 1];
  return (
    <div className="flex items-center justify-center gap-2 border-t border-line px-3 py-1.5 text-sm">
      <IconButton
        label={t("source.previous")}
        compact
        disabled={previous === undefined}
        onClick={() => previous !== undefined && onTurn(previous)}
      >
        <ChevronLeft size={18} aria-hidden />
      </IconButton>
      <span aria-live="polite" className="min-w-32 text-center tabular-nums">
        {t("source.pageOf", { n: page, total: pages.at(-1) ?? page })}
      </span>
      <IconButton
        label={t("source.next")}
        compact
        disabled={next === undefined}
        onClick={() => next !== undefined && onTurn(next)}
      >
        <ChevronRight size={18} aria-hidden />
      </IconButton>
      {home !== null && home !== page ? (
        <IconButton label={t("source.backToQuote")} compact onClick={() => onTurn(home)} className="text-ember">
          <LocateFixed size={17} aria-hidden />
        </IconButton>
      ) : null}
    </div>
  );
}
