/** Where the reader is, in the hash, so that any server that hands out one page is enough. */

import { useSyncExternalStore } from "react";

export type Route =
  | { page: "chat"; conversation: string | null }
  | { page: "documents" }
  | { page: "datasets" }
  | { page: "review"; dataset: string; tab: "items" | "overview" };

export function readRoute(hash: string): Route {
  const [page, id, tab] = hash.replace(/^#\/?/, "").split("/");
  if (page === "documents") return { page };
  if (page === "datasets" && id) {
    return { page: "review", dataset: decodeURIComponent(id), tab: tab === "overview" ? tab : "items" };
  }
  if (page === "datasets") return { page };
  if (page === "c" && id) return { page: "chat", conversation: decodeURIComponent(id) };
  return { page: "chat", conversation: null };
}

export function addressOf(route: Route): string {
  if (route.page === "documents" || route.page === "datasets") return `#/${route.page}`;
  if (route.page === "review") {
    return `#/datasets/${encodeURIComponent(route.dataset)}${route.tab === "overview" ? "/overview" : ""}`;
  }
  return route.conversation ? `#/c/${encodeURIComponent(route.conversation)}` : "#/";
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("hashchange", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("hashchange", listener);
  };
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return readRoute(hash);
}

export function goTo(route: Route, { replace = false } = {}): void {
  const address = addressOf(route);
  if (replace) window.history.replaceState(null, "", address);
  else if (window.location.hash !== address) window.history.pushState(null, "", address);
  for (const listener of listeners) listener();
}
