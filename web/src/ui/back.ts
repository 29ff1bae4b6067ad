import { useEffect, useRef } from "react";

/** While something covers the page, the browser's “back” closes it, as people expect on a phone. */
export function useBackCloses(isOpen: boolean, close: () => void): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    if (!isOpen) return undefined;
    window.history.pushState({ cover: true }, "");
    const onPop = () => latest.current();
    window.addEventListener("popstate", onPop);
    return () => {
      window.removeEventListener("popstate", onPop);
      // Closed by other means: take our entry away, unless a new page has been put on top of it.
      if ((window.history.state as { cover?: boolean } | null)?.cover) window.history.back();
    };
  }, [isOpen]);
}
