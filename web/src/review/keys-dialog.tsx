import type { ReactNode } from "react";
import { type Key, useI18n } from "@/i18n";
import { Dialog } from "@/ui/dialog";

const KEY = "rounded-md border border-line-strong bg-sunken px-1.5 py-0.5 font-sans text-xs";
const ROWS: readonly (readonly [Key, readonly string[]])[] = [
  ["review.accept", ["A", "1"]],
  ["review.fix", ["F", "2"]],
  ["review.reject", ["R", "3"]],
  ["review.keyReason", ["W", "U", "C", "…"]],
  ["review.keySave", ["Ctrl ↵", "⌘ ↵"]],
  ["review.keyLeave", ["Esc"]],
  ["review.keyBack", ["←", "Backspace"]],
  ["review.keyForward", ["→"]],
  ["review.keyAside", ["S"]],
  ["review.note", ["N"]],
  ["review.keyPassages", ["P"]],
  ["review.keyOpen", ["O"]],
  ["review.keyHelp", ["?"]],
];

export function KeysDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useI18n();
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("review.keys")} description={t("review.keysText")}>
      <dl className="text-sm">
        {ROWS.map(([name, keys]) => (
          <Row key={name} name={t(name)}>
            {keys.map((key) => (
              <kbd key={key} className={KEY}>
                {key}
              </kbd>
            ))}
          </Row>
        ))}
      </dl>
    </Dialog>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-center justify-between gap-4 py-1">
      <dt className="text-ink-2">{name}</dt>
      <dd className="flex shrink-0 gap-1">{children}</dd>
    </div>
  );
}
