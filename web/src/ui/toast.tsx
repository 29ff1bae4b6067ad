/** Short notes at the head of the page. They are read aloud, never hold the only copy of something, and go away. */

import { useEffect, useSyncExternalStore } from "react";

interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
}

const SHOWN_MS = 4500;
let toasts: readonly Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function showToast(text: string, tone: Toast["tone"] = "plain"): void {
  count += 1;
  const id = count;
  change([...toasts.slice(-2), { id, text, tone }]);
}

function Note({ toast }: { toast: Toast }) {
  useEffect(() => {
    const timer = setTimeout(() => change(toasts.filter((t) => t.id !== toast.id)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast.id]);
  return (
    <div
      className={
        toast.tone === "bad"
          ? "rise rounded-xl bg-bad-soft px-4 py-2.5 text-sm text-bad shadow-float"
          : "rise rounded-xl bg-ink px-4 py-2.5 text-sm text-paper shadow-float"
      }
    >
      {toast.text}
    </div>
  );
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-4 top-16 z-[60] flex flex-col items-center gap-2 md:top-4"
    >
      {shown.map((toast) => (
        <Note key={toast.id} toast={toast} />
      ))}
    </div>
  );
}
