import { CircleAlert, CloudUpload } from "lucide-react";
import { useI18n } from "@/i18n";
import { Button } from "@/ui/button";
import type { Parcel } from "./outbox";

interface UnsentProps {
  parcels: readonly Parcel[];
  onRetry: () => void;
  onDiscard: (example: string) => void;
}

/** Verdicts that did not get through: why, and what can be done. */
export function Unsent({ parcels, onRetry, onDiscard }: UnsentProps) {
  const { t, count, explain } = useI18n();
  const held = parcels.filter((parcel) => parcel.failure && parcel.state !== "refused");
  const refused = parcels.filter((parcel) => parcel.state === "refused");
  const first = held[0]?.failure;
  const waiting = first ? parcels.length - refused.length : 0;
  return (
    <div role="status" className="empty:hidden">
      {first ? (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-warn-soft px-4 py-2 text-sm text-warn-ink sm:px-6">
          <CloudUpload size={16} aria-hidden className="shrink-0" />
          <span className="min-w-0 flex-1">
            {count("review.unsent", waiting)}. {explain(first).message}
          </span>
          <Button size="small" onClick={onRetry}>
            {t("app.retry")}
          </Button>
        </div>
      ) : null}
      {refused.length ? (
        <div className="border-b border-line bg-bad-soft px-4 py-2 text-sm sm:px-6">
          <p className="flex items-center gap-2 font-medium text-bad">
            <CircleAlert size={16} aria-hidden className="shrink-0" />
            {count("review.refused", refused.length)}
          </p>
          <ul className="mt-1 space-y-1">
            {refused.map((parcel) => (
              <li key={parcel.example} className="flex flex-wrap items-center gap-x-3">
                <span className="min-w-0 flex-1 truncate">{parcel.title}</span>
                <span className="text-ink-2">{parcel.failure ? explain(parcel.failure).message : ""}</span>
                <Button size="small" onClick={onRetry}>
                  {t("app.retry")}
                </Button>
                <Button size="small" kind="quiet" onClick={() => onDiscard(parcel.example)}>
                  {t("review.discard")}
                </Button>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  );
}
