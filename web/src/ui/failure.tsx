import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Failure } from "@/api/types";
import { useI18n } from "@/i18n";

interface FailureNoteProps {
  failure: Failure;
  title?: string;
  children?: ReactNode;
}

/** What happened, what to do, and the code to quote to whoever helps. */
export function FailureNote({ failure, title, children }: FailureNoteProps) {
  const { explain } = useI18n();
  const { message, remedy } = explain(failure);
  return (
    <div role="alert" className="flex gap-3 rounded-xl border border-bad/30 bg-bad-soft p-4 text-sm">
      <CircleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0">
        {title ? <p className="font-semibold">{title}</p> : null}
        <p>{message}</p>
        {remedy ? <p className="mt-1 text-ink-2">{remedy}</p> : null}
        <p className="mt-1 font-mono text-xs text-ink-2">{failure.code}</p>
        {children ? <div className="mt-3">{children}</div> : null}
      </div>
    </div>
  );
}
