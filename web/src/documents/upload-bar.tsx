import { useI18n } from "@/i18n";
import { Button } from "@/ui/button";
import { goTo } from "@/shell/route";
import { isFinished, useUploads } from "./uploads";

/** One line above a conversation while files are being added, or when some could not be. */
export function UploadBar() {
  const { t, count } = useI18n();
  const uploads = useUploads();
  const open = uploads.filter((upload) => !isFinished(upload)).length;
  const failed = uploads.filter((upload) => upload.phase === "failed").length;
  if (!open && !failed) return null;
  const done = uploads.filter((upload) => upload.phase === "done").length;
  return (
    <div role="status" className="no-print relative flex min-h-11 items-center justify-between gap-3 border-b border-line bg-raised px-4 text-sm">
      <span className="truncate">
        {open ? `${t("upload.title")}: ` : ""}
        {t("upload.summary", { done, total: uploads.length })}
        {failed ? <span className="text-bad">{`, ${count("upload.summaryFailed", failed)}`}</span> : null}
      </span>
      <Button kind="quiet" size="small" onClick={() => goTo({ page: "documents" })}>
        {t("upload.show")}
      </Button>
      {open ? <div aria-hidden className="warm-edge absolute inset-x-0 bottom-0 h-[2px]" /> : null}
    </div>
  );
}
