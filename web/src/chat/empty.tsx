import { useQuery } from "@tanstack/react-query";
import { ArrowRight, FileText, Upload } from "lucide-react";
import { useRef } from "react";
import { listDocuments } from "@/api/client";
import type { DocumentRecord } from "@/api/types";
import { filesOfInput } from "@/documents/picking";
import { UploadList } from "@/documents/upload-list";
import { addFiles } from "@/documents/uploads";
import { useI18n } from "@/i18n";
import { titleOf } from "@/text/export";
import { Button } from "@/ui/button";
import { focusComposer } from "./composer";
import { changePreferences } from "./preferences";
import { useThreadContext } from "./thread-context";

const SAMPLE = "drone-handbook";
const SAMPLE_QUESTIONS = ["empty.sample1", "empty.sample2", "empty.sample3"] as const;

/** What a new conversation shows: how to begin, whatever is already there. */
export function EmptyThread() {
  const { t } = useI18n();
  const recent = useQuery({
    queryKey: ["documents", "recent"],
    queryFn: ({ signal }) => listDocuments({ limit: 50 }, signal),
  });
  const documents = recent.data?.documents ?? [];
  return (
    <div className="mx-auto flex min-h-full w-full max-w-[46rem] flex-col justify-center py-8">
      <h2 className="text-[clamp(1.9rem,4.2vw,2.75rem)] leading-tight font-semibold tracking-tight text-balance">
        {t("empty.title")}
      </h2>
      <p className="mt-2 text-ink-2">{t("empty.text")}</p>
      <div className="mt-8 empty:hidden">
        <UploadList />
      </div>
      {recent.isSuccess ? documents.length ? <Starters documents={documents} /> : <FirstFiles /> : null}
    </div>
  );
}

function FirstFiles() {
  const { t } = useI18n();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className="mt-8 rounded-2xl border border-dashed border-line-strong bg-raised p-6">
      <h3 className="font-semibold">{t("empty.noDocuments")}</h3>
      <p className="mt-1 text-sm text-ink-2">{t("empty.noDocumentsText")}</p>
      <Button kind="solid" className="mt-4" onClick={() => picker.current?.click()}>
        <Upload size={17} aria-hidden />
        {t("empty.choose")}
      </Button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t("empty.choose")}
        onChange={(event) => addFiles(filesOfInput(event.currentTarget))}
      />
    </div>
  );
}

function Starters({ documents }: { documents: readonly DocumentRecord[] }) {
  const { t } = useI18n();
  const { ask } = useThreadContext();
  const hasSample = documents.some((document) => document.uri.includes(SAMPLE));
  const own = documents.filter((document) => !document.uri.includes(SAMPLE)).slice(0, 3);
  return (
    <>
      {hasSample ? (
        <section aria-labelledby="try" className="mt-8">
          <h3 id="try" className="text-sm font-semibold text-ink-2">
            {t("empty.try")}
          </h3>
          <ul className="mt-2 divide-y divide-line border-y border-line">
            {SAMPLE_QUESTIONS.map((key) => (
              <li key={key}>
                <button
                  type="button"
                  onClick={() => ask(t(key))}
                  className="group flex min-h-12 w-full items-center justify-between gap-3 px-1 text-left hover:text-ember-strong"
                >
                  {t(key)}
                  <ArrowRight size={17} aria-hidden className="shrink-0 text-ink-3 group-hover:text-ember" />
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {own.length ? (
        <section aria-labelledby="recent" className="mt-8">
          <h3 id="recent" className="text-sm font-semibold text-ink-2">
            {t("empty.recent")}
          </h3>
          <ul className="mt-2 divide-y divide-line border-y border-line">
            {own.map(({ id, title, uri }) => (
              <li key={id}>
                <button
                  type="button"
                  onClick={() => {
                    changePreferences({ scope: [{ id, title, uri }] });
                    focusComposer();
                  }}
                  className="flex min-h-12 w-full items-center gap-3 px-1 text-left hover:text-ember-strong"
                >
                  <FileText size={17} aria-hidden className="shrink-0 text-ink-3" />
                  <span className="truncate">{t("empty.askAbout", { title: titleOf({ title, uri }) })}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </>
  );
}
