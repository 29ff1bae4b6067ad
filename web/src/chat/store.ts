/**
 * Conversations as this page knows them. A thread exists before the server has named it; streams go on while another
 * thread is shown. Plain state with subscribers: React reads it through `useSyncExternalStore`.
 */

import { useSyncExternalStore } from "react";
import * as api from "@/api/client";
import type { Answer, Citation, Conversation, Failure, Feedback, Hit } from "@/api/types";

export interface Turn {
  id: string;
  /** The server's name for the answer, needed for feedback. */
  messageId: string | null;
  question: string;
  status: "running" | "done" | "stopped" | "failed";
  text: string;
  citations: Citation[];
  /** Passages found; `null` until the search is done. */
  hits: Hit[] | null;
  answer: Answer | null;
  error: Failure | null;
  feedback: Feedback | null;
}

export interface Thread {
  key: string;
  conversationId: string | null;
  title: string;
  state: "loading" | "ready" | "failed";
  error: Failure | null;
  turns: Turn[];
}

export interface AskOptions {
  model?: string;
  think?: boolean;
  documents?: string[];
}

type AskFunction = typeof api.ask;

const NEW = "new";

export class ChatStore {
  #threads = new Map<string, Thread>();
  #keys = new Map<string, string>();
  #aborts = new Map<string, AbortController>();
  #listeners = new Set<() => void>();
  #count = 0;
  #draft = `${NEW}:0`;
  readonly #ask: AskFunction;
  /** Called when a new thread has got its name from the server. */
  onNamed: (thread: Thread) => void = () => undefined;
  /** Called when an answer has been kept by the server. */
  onKept: () => void = () => undefined;

  constructor(ask: AskFunction = api.ask) {
    this.#ask = ask;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The thread of a conversation, or the one not yet named. The same object until something in it changes. */
  thread(conversationId: string | null): Thread {
    const key = conversationId === null ? this.#draft : (this.#keys.get(conversationId) ?? conversationId);
    const known = this.#threads.get(key);
    if (known) return known;
    const thread: Thread = {
      key, conversationId, title: "", state: conversationId === null ? "ready" : "loading", error: null, turns: [],
    };
    this.#threads.set(key, thread);
    return thread;
  }

  /** Begin again with an empty thread. */
  startNew(): void {
    if (this.thread(null).turns.length === 0) return;
    this.#count += 1;
    this.#draft = `${NEW}:${this.#count}`;
    this.#tell();
  }

  async open(conversationId: string): Promise<void> {
    const thread = this.thread(conversationId);
    if (thread.state === "ready") return;
    this.#change(thread.key, (t) => ({ ...t, state: "loading", error: null }));
    try {
      const conversation = await api.loadConversation(conversationId);
      this.#change(thread.key, (t) => ({ ...t, ...readConversation(conversation), state: "ready" }));
    } catch (error) {
      this.#change(thread.key, (t) => ({ ...t, state: "failed", error: api.toFailure(error) }));
    }
  }

  forget(conversationId: string): void {
    const key = this.#keys.get(conversationId) ?? conversationId;
    this.#aborts.get(key)?.abort();
    this.#threads.delete(key);
    if (key === this.#draft) {
      this.#count += 1;
      this.#draft = `${NEW}:${this.#count}`;
    }
    this.#tell();
  }

  stop(key: string): void {
    this.#aborts.get(key)?.abort();
  }

  async ask(key: string, question: string, options: AskOptions): Promise<void> {
    if (this.#aborts.has(key)) return;
    const abort = new AbortController();
    this.#aborts.set(key, abort);
    this.#count += 1;
    const id = `turn-${this.#count}`;
    const turn: Turn = {
      id, messageId: null, question, status: "running", text: "", citations: [], hits: null, answer: null,
      error: null, feedback: null,
    };
    this.#change(key, (t) => ({ ...t, title: t.title || question, turns: [...t.turns, turn] }));
    const update = (change: Partial<Turn>) => this.#changeTurn(key, id, change);
    try {
      await this.#follow(key, question, options, abort.signal, update);
    } catch (error) {
      if (abort.signal.aborted) update({ status: "stopped" });
      else update({ status: "failed", error: api.toFailure(error) });
    } finally {
      this.#aborts.delete(key);
    }
  }

  async #follow(
    key: string, question: string, options: AskOptions, signal: AbortSignal, update: (change: Partial<Turn>) => void,
  ): Promise<void> {
    const conversationId = this.#threads.get(key)?.conversationId;
    const request: api.AskRequest = {
      question,
      ...(options.model ? { model: options.model } : {}),
      ...(options.think === undefined ? {} : { think: options.think }),
      ...(conversationId ? { conversation_id: conversationId } : {}),
      ...(options.documents?.length ? { filter: { documents: options.documents } } : {}),
    };
    let text = "";
    let citations: Citation[] = [];
    for await (const event of this.#ask(request, signal)) {
      switch (event.event) {
        case "sources":
          update({ hits: event.hits });
          break;
        case "delta":
          text += event.text;
          citations = mergeCitations(citations, event.citations);
          update({ text, citations });
          break;
        case "done":
          update({ ...readAnswer(event.answer), status: "done" });
          this.#name(key, event.answer.conversation_id ?? null);
          this.onKept();
          return;
        case "error":
          update({ status: "failed", error: event.error });
          return;
      }
    }
    update({ status: "failed", error: { code: "unreachable", message: "The answer broke off." } });
  }

  /** Ask the last question of a thread again, in place of an attempt that failed or was stopped. */
  async askAgain(key: string, turnId: string, options: AskOptions): Promise<void> {
    const turn = this.#threads.get(key)?.turns.find((t) => t.id === turnId);
    if (!turn || turn.status === "running") return;
    this.#change(key, (t) => ({ ...t, turns: t.turns.filter((other) => other.id !== turnId) }));
    await this.ask(key, turn.question, options);
  }

  async giveFeedback(key: string, turnId: string, feedback: Feedback): Promise<void> {
    const turn = this.#threads.get(key)?.turns.find((t) => t.id === turnId);
    if (!turn?.messageId) return;
    const before = turn.feedback;
    this.#changeTurn(key, turnId, { feedback });
    try {
      await api.saveFeedback(turn.messageId, feedback);
    } catch (error) {
      this.#changeTurn(key, turnId, { feedback: before });
      throw error;
    }
  }

  #name(key: string, conversationId: string | null): void {
    if (!conversationId || this.#threads.get(key)?.conversationId === conversationId) return;
    this.#keys.set(conversationId, key);
    this.#change(key, (t) => ({ ...t, conversationId }));
    const wasDraft = key === this.#draft;
    if (wasDraft) {
      this.#count += 1;
      this.#draft = `${NEW}:${this.#count}`;
    }
    const thread = this.#threads.get(key);
    if (thread && wasDraft) this.onNamed(thread);
    this.#tell();
  }

  #changeTurn(key: string, turnId: string, change: Partial<Turn>): void {
    this.#change(key, (t) => ({
      ...t, turns: t.turns.map((turn) => (turn.id === turnId ? { ...turn, ...change } : turn)),
    }));
  }

  #change(key: string, change: (thread: Thread) => Thread): void {
    const thread = this.#threads.get(key);
    if (!thread) return;
    this.#threads.set(key, change(thread));
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function mergeCitations(before: Citation[], more: readonly Citation[]): Citation[] {
  const known = new Set(before.map((citation) => citation.number));
  const fresh = more.filter((citation) => !known.has(citation.number));
  return fresh.length ? [...before, ...fresh] : before;
}

function readAnswer(answer: Answer): Partial<Turn> {
  return {
    answer, text: answer.answer, citations: answer.citations ?? [], messageId: answer.message_id ?? null,
  };
}

function readConversation(conversation: Conversation): Pick<Thread, "title" | "turns"> {
  return {
    title: conversation.title,
    turns: conversation.messages.map((message) => ({
      id: message.id, messageId: message.id, question: message.question, status: "done", text: message.answer.answer,
      citations: message.answer.citations ?? [], hits: null, answer: message.answer, error: null,
      feedback: message.feedback ?? null,
    })),
  };
}

export const chat = new ChatStore();

export function useThread(conversationId: string | null): Thread {
  return useSyncExternalStore(chat.subscribe, () => chat.thread(conversationId));
}
