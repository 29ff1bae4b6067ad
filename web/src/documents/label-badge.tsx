import { Lock } from "lucide-react";
import { type Key, useI18n } from "@/i18n";
import { cx } from "@/text/cx";

const GRADES: ReadonlySet<string> = new Set(["open", "sensitive", "classified"]);
const TONES: Record<string, string> = {
  open: "bg-sunken text-ink-2",
  sensitive: "bg-warn-soft text-warn-ink",
  classified: "bg-bad-soft text-bad",
};

/** A label: its grade in the reader's language, and its groups. */
export function LabelBadge({ label }: { label: string }) {
  const { t } = useI18n();
  const [first = "open", ...rest] = label.split("+");
  const grade = GRADES.has(first) ? first : "open";
  const groups = GRADES.has(first) ? rest : [first, ...rest];
  return (
    <span
      title={label}
      className={cx("inline-flex max-w-full items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium", TONES[grade])}
    >
      {grade === "open" && !groups.length ? null : <Lock size={11} aria-hidden className="shrink-0" />}
      <span className="truncate">{[t(`label.${grade}` as Key), ...groups].join(" + ")}</span>
    </span>
  );
}
