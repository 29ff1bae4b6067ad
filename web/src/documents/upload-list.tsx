import { Check, CircleAlert, CircleSlash, FileUp, RotateCcw, X } from "lucide-react";
import type { Failure } from "@/api/types";
import { useI18n } from "@/i18n";
import { cx } from "@/text/cx";
import { fileName } from "@/text/export";
import { Button, IconButton } from "@/ui/button";
import { showToast } from "@/ui/toast";
import { cancel, dismiss, dismissFinished, isFinished, retry, type Upload, useUploads } from "./uploads";

const asNumber = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** The share done, 0 to 1, or `null` while nobody can know. */
export function shareOf(upload: Upload): number | null {
  if (upload.phase === "sending") return upload.sent;
  if (upload.phase !== "running") return null;
  const done = asNumber(upload.progress["done"]);
  const total = asNumber(upload.progress["total"]);
  return done !== null && total !== null && total > 1 ? done / total : null;
}

function useStatus(upload: Upload): string {
  const { t, count, language } = useI18n();
  switch (upload.phase) {
    case "waiting":
    case "queued":
      return t("upload.queued");
    case "sending":
      return t("upload.sending", {
        percent: new Intl.NumberFormat(language, { style: "percent" }).format(upload.sent),
      });
    case "running":
      return t(upload.progress["stage"] === "indexing" ? "upload.indexing" : "upload.running");
    case "cancelled":
      return t("upload.cancelled");
    case "failed":
      return t("upload.failed");
    case "done":
      if (upload.failures.length) return count("upload.partly", upload.failures.length);
      if (upload.unchanged) return t("upload.unchanged");
      return upload.passages ? `${t("upload.done")} · ${count("upload.passages", upload.passages)}` : t("upload.done");
  }
}

function PhaseIcon({ upload }: { upload: Upload }) {
  const Icon = { done: Check, failed: CircleAlert, cancelled: CircleSlash }[upload.phase as string] ?? FileUp;
  const tone = { done: "bg-good-soft text-good", failed: "bg-bad-soft text-bad" }[upload.phase as string];
  return (
    <span className={cx("grid size-9 shrink-0 place-items-center rounded-lg", tone ?? "bg-sunken text-ink-3")}>
      <Icon size={18} aria-hidden />
    </span>
  );
}

function Reason({ failure, name }: { failure: Failure; name?: string }) {
  const { t, explain } = useI18n();
  const { message, remedy } = explain(failure);
  return (
    <div className="mt-1.5 text-sm">
      {name ? <p className="truncate font-medium">{name}</p> : null}
      <p className="text-bad">{message}</p>
      {remedy ? <p className="text-ink-2">{remedy}</p> : null}
      <details className="text-xs text-ink-3">
        <summary className="w-fit">
          {t("upload.details")}: <code className="font-mono">{failure.code}</code>
        </summary>
        <p className="mt-1">{failure.message}</p>
        {failure.remedy ? <p>{failure.remedy}</p> : null}
      </details>
    </div>
  );
}

function UploadItem({ upload }: { upload: Upload }) {
  const { t, bytes } = useI18n();
  const status = useStatus(upload);
  const share = shareOf(upload);
  const isOpen = !isFinished(upload);
  const guard = (work: Promise<void>) => void work.catch((error: unknown) => showToast(String(error), "bad"));
  return (
    <li className="flex gap-3 px-3 py-3 sm:px-4" data-upload={upload.phase}>
      <PhaseIcon upload={upload} />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium">{upload.name}</p>
        <p className="text-xs text-ink-2">
          {status}
          {upload.sizeBytes ? ` · ${bytes(upload.sizeBytes)}` : ""}
        </p>
        {isOpen ? (
          <div
            role="progressbar"
            aria-label={upload.name}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={share === null ? undefined : Math.round(share * 100)}
            className="mt-2 h-[3px] overflow-hidden rounded-full bg-line"
          >
            {share === null ? (
              <div className="warm-edge h-full" />
            ) : (
              <div className="h-full rounded-full bg-ember transition-[width]" style={{ width: `${share * 100}%` }} />
            )}
          </div>
        ) : null}
        {upload.error ? <Reason failure={upload.error} /> : null}
        {upload.phase === "done"
          ? upload.failures.map((failure) => <Reason key={failure.uri} failure={failure} name={fileName(failure.uri)} />)
          : null}
      </div>
      <div className="flex shrink-0">
        {upload.phase === "failed" || upload.phase === "cancelled" ? (
          <IconButton label={t("upload.retry", { name: upload.name })} compact onClick={() => guard(retry(upload.id))}>
            <RotateCcw size={16} aria-hidden />
          </IconButton>
        ) : null}
        <IconButton
          label={t(isOpen ? "upload.cancel" : "upload.dismiss", { name: upload.name })}
          compact
          onClick={() => (isOpen ? guard(cancel(upload.id)) : dismiss(upload.id))}
        >
          <X size={16} aria-hidden />
        </IconButton>
      </div>
    </li>
  );
}

/** Every file on its way, what became of it, and why. */
export function UploadList() {
  const { t, count } = useI18n();
  const uploads = useUploads();
  if (!uploads.length) return null;
  const failed = uploads.filter((upload) => upload.phase === "failed").length;
  const done = uploads.filter((upload) => upload.phase === "done").length;
  const isOver = uploads.every(isFinished);
  return (
    <section aria-labelledby="uploads" className="overflow-hidden rounded-2xl border border-line bg-raised">
      <div className="flex min-h-12 items-center justify-between gap-2 border-b border-line px-4">
        <h2 id="uploads" className="text-sm font-semibold">
          {t(isOver ? "upload.titleOver" : "upload.title")}
          <span className="ml-2 font-normal text-ink-2" role="status">
            {t("upload.summary", { done, total: uploads.length })}
            {failed ? `, ${count("upload.summaryFailed", failed)}` : ""}
          </span>
        </h2>
        {uploads.some((upload) => upload.phase === "done" || upload.phase === "cancelled") ? (
          <Button kind="quiet" size="small" onClick={dismissFinished}>
            {t("upload.clear")}
          </Button>
        ) : null}
      </div>
      <ul className="max-h-96 divide-y divide-line overflow-y-auto">
        {uploads.map((upload) => (
          <UploadItem key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}
