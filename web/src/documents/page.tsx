import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { FolderUp, Search, Upload } from "lucide-react";
import { useDeferredValue, useRef, useState } from "react";
import { listDocuments, listLabels, loadHealth, toFailure } from "@/api/client";
import { DOCUMENT_KINDS } from "@/api/types";
import { useI18n } from "@/i18n";
import { Button, IconButton } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { DocumentRow } from "./document-row";
import { filesOfInput } from "./picking";
import { UploadList } from "./upload-list";
import { addFiles } from "./uploads";

const PAGE_SIZE = 50;
const SELECT = "h-10 rounded-lg border border-line-strong bg-raised px-2.5 text-sm pointer-coarse:h-11 pointer-coarse:text-base";

export function DocumentsPage() {
  const { t, count } = useI18n();
  const [words, setWords] = useState("");
  const [kind, setKind] = useState("");
  const [label, setLabel] = useState("");
  const q = useDeferredValue(words.trim());
  const health = useQuery({ queryKey: ["health"], queryFn: ({ signal }) => loadHealth(signal) });
  const labels = useQuery({ queryKey: ["labels"], queryFn: ({ signal }) => listLabels(signal) });
  const list = useInfiniteQuery({
    queryKey: ["documents", "list", q, kind, label],
    queryFn: ({ pageParam, signal }) => listDocuments({ limit: PAGE_SIZE, cursor: pageParam, q, kind, label }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
  });
  const documents = list.data?.pages.flatMap((page) => page.documents) ?? [];
  const isNarrowed = Boolean(q || kind || label);
  const total = health.data?.documents ?? 0;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-4 sm:px-8">
      <div className="mx-auto w-full max-w-[64rem] pt-6 pb-16 sm:pt-9">
        <header className="flex flex-wrap items-end justify-between gap-3">
          <div>
            <h1 className="text-3xl font-semibold tracking-tight">{t("documents.title")}</h1>
            <p className="mt-0.5 text-sm text-ink-2">{health.isSuccess ? count("documents.count", total) : "\u00a0"}</p>
          </div>
          <AddButtons />
        </header>
        <div className="mt-6 empty:hidden">
          <UploadList />
        </div>
        <div role="search" className="mt-6 flex flex-wrap gap-2">
          <div className="relative min-w-60 flex-1">
            <Search size={16} aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-3" />
            <input
              type="search"
              value={words}
              onChange={(event) => setWords(event.target.value)}
              aria-label={t("documents.search")}
              placeholder={t("documents.search")}
              className="h-10 w-full rounded-lg border border-line-strong bg-raised pr-3 pl-9 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
            />
          </div>
          <select aria-label={t("documents.kind")} value={kind} onChange={(event) => setKind(event.target.value)} className={SELECT}>
            <option value="">{t("documents.allKinds")}</option>
            {DOCUMENT_KINDS.map((name) => (
              <option key={name} value={name}>
                {t(`kind.${name}`)}
              </option>
            ))}
          </select>
          {(labels.data?.labels.length ?? 0) > 1 ? (
            <select
              aria-label={t("documents.label")}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
              className={SELECT}
            >
              <option value="">{t("documents.allLabels")}</option>
              {labels.data?.labels.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          ) : null}
        </div>
        {list.isError ? (
          <div className="mt-6">
            <FailureNote failure={toFailure(list.error)}>
              <Button size="small" onClick={() => void list.refetch()}>
                {t("app.retry")}
              </Button>
            </FailureNote>
          </div>
        ) : null}
        {documents.length ? (
          <ul className="mt-4 divide-y divide-line border-y border-line">
            {documents.map((document) => (
              <DocumentRow key={document.id} document={document} />
            ))}
          </ul>
        ) : null}
        {list.isSuccess && !documents.length ? (
          isNarrowed ? (
            <p role="status" className="mt-10 text-center text-ink-2">
              {t("documents.noMatch")}
            </p>
          ) : (
            <EmptyCorpus />
          )
        ) : null}
        {list.hasNextPage ? (
          <div className="mt-5 text-center">
            <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
              {t(list.isFetchingNextPage ? "app.loading" : "app.loadMore")}
            </Button>
          </div>
        ) : null}
      </div>
    </div>
  );
}

function EmptyCorpus() {
  const { t } = useI18n();
  return (
    <div className="mt-6 rounded-2xl border-2 border-dashed border-line-strong px-6 py-14 text-center">
      <Upload size={28} aria-hidden className="mx-auto text-ember" />
      <h2 className="mt-3 text-xl font-semibold">{t("documents.empty")}</h2>
      <p className="mx-auto mt-1 max-w-lg text-sm text-ink-2">{t("documents.emptyText")}</p>
    </div>
  );
}

function AddButtons() {
  const { t } = useI18n();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  return (
    <div className="flex items-center gap-1">
      <IconButton label={t("documents.addFolder")} onClick={() => folder.current?.click()} className="pointer-coarse:hidden">
        <FolderUp size={18} aria-hidden />
      </IconButton>
      <Button kind="solid" onClick={() => files.current?.click()}>
        <Upload size={17} aria-hidden />
        {t("documents.add")}
      </Button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label={t("documents.add")}
        onChange={(event) => addFiles(filesOfInput(event.currentTarget))}
      />
      <input
        ref={(input) => {
          folder.current = input;
          input?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        multiple
        hidden
        aria-label={t("documents.addFolder")}
        onChange={(event) => addFiles(filesOfInput(event.currentTarget))}
      />
    </div>
  );
}
