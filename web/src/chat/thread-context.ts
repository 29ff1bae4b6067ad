import { createContext, useContext } from "react";
import type { AskOptions, Thread } from "./store";

export interface ThreadContextValue {
  thread: Thread;
  options: AskOptions;
  ask: (question: string) => void;
}

export const ThreadContext = createContext<ThreadContextValue | null>(null);

export function useThreadContext(): ThreadContextValue {
  const value = useContext(ThreadContext);
  if (!value) throw new Error("used outside a thread");
  return value;
}
