import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { loadBoxes, pageImageAddress } from "@/api/client";
import type { Box } from "@/api/types";
import { useI18n } from "@/i18n";

interface PageImageProps {
  document: string;
  title: string;
  page: number;
  span: [number, number] | null;
  /** 1 fits the width of the panel. */
  zoom: number;
}

function placeBox([x0, y0, x1, y1]: Box) {
  return { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` };
}

/** The smallest box around all: what has to be in view. */
function findUnion(boxes: readonly Box[]): Box {
  const side = (place: 0 | 1 | 2 | 3) => boxes.map((box) => box[place]);
  return [Math.min(...side(0)), Math.min(...side(1)), Math.max(...side(2)), Math.max(...side(3))];
}

const SCALE = 2; // twice the points: sharp at the width of the panel on most screens

/** A page as it looks, with the quoted passage marked over it. */
export function PageImage({ document, title, page, span, zoom }: PageImageProps) {
  const { t } = useI18n();
  const passage = useRef<HTMLSpanElement>(null);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const boxes = useQuery({
    queryKey: ["boxes", document, page, span?.[0], span?.[1]],
    queryFn: ({ signal }) => loadBoxes(document, page, span?.[0] ?? 0, span?.[1] ?? 0, signal),
    enabled: span !== null,
    staleTime: Infinity,
  });
  const marked = boxes.data?.boxes ?? [];
  const isReady = state === "shown" && marked.length > 0;
  useEffect(() => {
    if (isReady) passage.current?.scrollIntoView({ block: "center", inline: "start" });
  }, [isReady, zoom]);
  if (state === "failed") return <p className="p-4 text-sm text-ink-2">{t("source.noImage")}</p>;
  return (
    <div className="relative mx-auto bg-white shadow-float" style={{ width: `${zoom * 100}%` }}>
      <img
        src={pageImageAddress(document, page, zoom > 1.5 ? SCALE * 1.5 : SCALE)}
        alt={t("source.pageImage", { n: page, title })}
        onLoad={() => setState("shown")}
        onError={() => setState("failed")}
        className={state === "shown" ? "block w-full" : "block aspect-[0.707] w-full"}
      />
      {isReady ? <span ref={passage} aria-hidden className="absolute scroll-m-4" style={placeBox(findUnion(marked))} /> : null}
      {isReady
        ? marked.map((box, index) => (
            <span
              key={index}
              data-highlight
              aria-hidden
              className="absolute rounded-[2px] bg-[rgb(255_170_60/0.38)] mix-blend-multiply outline-1 outline-[rgb(200_90_30/0.55)]"
              style={placeBox(box)}
            />
          ))
        : null}
    </div>
  );
}
