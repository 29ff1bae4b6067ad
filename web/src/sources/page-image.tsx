import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { loadBoxes, pageImageAddress } from "@/api/client";
import { useI18n } from "@/i18n";

interface PageImageProps {
  document: string;
  title: string;
  page: number;
  span: [number, number] | null;
}

const SCALE = 2;

/** A page as it looks, with the quoted passage marked over it. */
export function PageImage({ document, title, page, span }: PageImageProps) {
  const { t } = useI18n();
  const first = useRef<HTMLSpanElement>(null);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const boxes = useQuery({
    queryKey: ["boxes", document, page, span?.[0], span?.[1]],
    queryFn: ({ signal }) => loadBoxes(document, page, span?.[0] ?? 0, span?.[1] ?? 0, signal),
    enabled: span !== null,
    staleTime: Infinity,
  });
  const count = boxes.data?.boxes.length ?? 0;
  useEffect(() => {
    if (state === "shown" && count) first.current?.scrollIntoView({ block: "center" });
  }, [state, count]);
  if (state === "failed") return <p className="p-4 text-sm text-ink-2">{t("source.noImage")}</p>;
  return (
    <div className="relative mx-auto w-full max-w-[60rem] bg-white shadow-float">
      <img
        src={pageImageAddress(document, page, SCALE)}
        alt={t("source.pageImage", { n: page, title })}
        onLoad={() => setState("shown")}
        onError={() => setState("failed")}
        className={state === "shown" ? "block w-full" : "block aspect-[0.707] w-full"}
      />
      {state === "shown"
        ? boxes.data?.boxes.map(([x0, y0, x1, y1], index) => (
            <span
              key={index}
              ref={index === 0 ? first : undefined}
              data-highlight
              aria-hidden
              className="absolute rounded-[2px] bg-[rgb(255_170_60/0.38)] mix-blend-multiply outline-1 outline-[rgb(200_90_30/0.55)]"
              style={{ left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` }}
            />
          ))
        : null}
    </div>
  );
}
