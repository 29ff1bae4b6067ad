import { useEffect, useMemo, useRef, useState } from "react";
import { useI18n } from "@/i18n";
import { toUtf16 } from "@/text/codepoints";
import { Button } from "@/ui/button";

interface TextViewProps {
  text: string;
  /** Code points, half-open; `null` shows the text without a mark. */
  span: [number, number] | null;
  language: string;
}

const AROUND = 6000;
const MORE = 20_000;

/** The nearest line break at or before `index`, so that a cut text begins with a whole line. */
function lineStart(text: string, index: number): number {
  return index <= 0 ? 0 : text.lastIndexOf("\n", index - 1) + 1;
}

function lineEnd(text: string, index: number): number {
  const end = text.indexOf("\n", index);
  return end < 0 ? text.length : end;
}

/** Stored text with the passage marked and in view. Of a long text only the part around it is laid out. */
export function TextView({ text, span, language }: TextViewProps) {
  const { t } = useI18n();
  const mark = useRef<HTMLElement>(null);
  const [from, to] = useMemo(() => {
    if (!span) return [0, 0] as const;
    const start = toUtf16(text, span[0]);
    return [start, toUtf16(text, span[1] - span[0], start)] as const;
  }, [text, span?.[0], span?.[1]]);
  const [window, setWindow] = useState(() => ({
    start: lineStart(text, Math.max(0, from - AROUND)),
    end: lineEnd(text, Math.min(text.length, to + AROUND)),
  }));
  useEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [from, to]);
  if (!text.trim()) return <p className="flex-1 p-4 text-sm text-ink-2">{t("source.emptyPage")}</p>;
  return (
    <div tabIndex={0} role="document" className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
      {window.start > 0 ? (
        <Button
          kind="quiet"
          size="small"
          onClick={() => setWindow({ ...window, start: lineStart(text, Math.max(0, window.start - MORE)) })}
        >
          {t("source.earlier")}
        </Button>
      ) : null}
      <div lang={language || undefined} className="text-[0.9375rem] leading-[1.75] whitespace-pre-wrap">
        {span ? (
          <>
            {text.slice(window.start, from)}
            <mark
              ref={mark}
              data-quote
              className="scroll-my-16 rounded-[3px] box-decoration-clone py-[0.15em] shadow-[0_2px_0_var(--glow)]"
            >
              {text.slice(from, to)}
            </mark>
            {text.slice(to, window.end)}
          </>
        ) : (
          text.slice(window.start, window.end)
        )}
      </div>
      {window.end < text.length ? (
        <Button
          kind="quiet"
          size="small"
          onClick={() => setWindow({ ...window, end: lineEnd(text, Math.min(text.length, window.end + MORE)) })}
        >
          {t("source.later")}
        </Button>
      ) : null}
    </div>
  );
}
