import type { ReactNode } from "react";
import { cx } from "@/text/cx";

/** The key for something, beside its name; not shown where there is no keyboard to speak of. */
export function Kbd({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <kbd
      aria-hidden
      className={cx(
        "rounded-[5px] border border-current/30 px-1.5 font-sans text-[0.6875rem] leading-[1.35rem] font-medium pointer-coarse:hidden",
        className,
      )}
    >
      {children}
    </kbd>
  );
}
