import { cx } from "@/text/cx";

interface BarProps {
  /** 0 to 1. */
  share: number;
  className?: string;
  tone?: "ember" | "good" | "bad" | "warn";
}

const TONES = { ember: "bg-ember", good: "bg-good", bad: "bg-bad", warn: "bg-warn-ink" } as const;

/** How much of a whole; the words beside it say the same. */
export function Bar({ share, className, tone = "ember" }: BarProps) {
  return (
    <span aria-hidden className={cx("block h-1.5 overflow-hidden rounded-full bg-line", className)}>
      <span
        className={cx("block h-full rounded-full transition-[width] duration-300", TONES[tone])}
        style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
      />
    </span>
  );
}
