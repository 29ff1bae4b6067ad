import { describe, expect, it, vi } from "vitest";
import type { AskEvent, AskRequest } from "@/api/client";
import { makeAnswer, makeCitation } from "@/testing/answers";
import { ChatStore } from "./store";

function scripted(events: AskEvent[], seen: AskRequest[] = []) {
  return async function* (request: AskRequest) {
    seen.push(request);
    yield* events;
  };
}

const done = (change = {}): AskEvent => ({ event: "done", answer: makeAnswer({ conversation_id: "con_1", message_id: "msg_1", ...change }) });

describe("a thread", () => {
  it("grows sentence by sentence and gets its name from the server", async () => {
    const seen: AskRequest[] = [];
    const store = new ChatStore(scripted([
      { event: "sources", hits: [] },
      { event: "delta", text: "15 days [1]", citations: [makeCitation()] },
      done(),
    ], seen));
    const onNamed = vi.fn();
    store.onNamed = onNamed;
    const key = store.thread(null).key;
    const texts: string[] = [];
    store.subscribe(() => texts.push(store.thread("con_1").turns[0]?.text ?? ""));
    await store.ask(key, "How many days?", { documents: ["doc_1"] });
    expect(seen[0]).toEqual({ question: "How many days?", filter: { documents: ["doc_1"] } });
    expect(onNamed).toHaveBeenCalledOnce();
    const thread = store.thread("con_1");
    expect(thread.key).toBe(key);
    expect(thread.turns[0]).toMatchObject({ status: "done", messageId: "msg_1", text: "15 days [1]" });
    await store.ask(key, "And then?", {});
    expect(seen[1]).toEqual({ question: "And then?", conversation_id: "con_1" });
  });

  it("leaves an empty one behind for the next question", async () => {
    const store = new ChatStore(scripted([done()]));
    const first = store.thread(null).key;
    await store.ask(first, "q", {});
    expect(store.thread(null).key).not.toBe(first);
    expect(store.thread(null).turns).toEqual([]);
  });

  it("keeps what had arrived when stopped", async () => {
    const store = new ChatStore(async function* (_request: AskRequest, signal: AbortSignal) {
      yield { event: "delta", text: "half", citations: [] };
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new DOMException("x", "AbortError"))));
    });
    const key = store.thread(null).key;
    const asked = store.ask(key, "q", {});
    await vi.waitFor(() => expect(store.thread(null).turns[0]?.text).toBe("half"));
    store.stop(key);
    await asked;
    expect(store.thread(null).turns[0]).toMatchObject({ status: "stopped", text: "half" });
  });

  it("says so when the stream breaks off or the server fails, and can ask again", async () => {
    const plans: AskEvent[][] = [[], [{ event: "error", error: { code: "engine_busy", message: "Busy." } }], [done()]];
    const store = new ChatStore(async function* () {
      yield* plans.shift() ?? [];
    });
    const key = store.thread(null).key;
    await store.ask(key, "q", {});
    expect(store.thread(null).turns[0]).toMatchObject({ status: "failed", error: { code: "unreachable" } });
    await store.askAgain(key, store.thread(null).turns[0]?.id ?? "", {});
    expect(store.thread(null).turns).toHaveLength(1);
    expect(store.thread(null).turns[0]).toMatchObject({ status: "failed", error: { code: "engine_busy" } });
    await store.askAgain(key, store.thread(null).turns[0]?.id ?? "", {});
    expect(store.thread("con_1").turns[0]).toMatchObject({ status: "done", question: "q" });
  });

  it("takes one question at a time", async () => {
    const seen: AskRequest[] = [];
    const store = new ChatStore(scripted([done()], seen));
    const key = store.thread(null).key;
    await Promise.all([store.ask(key, "a", {}), store.ask(key, "b", {})]);
    expect(seen.map((request) => request.question)).toEqual(["a"]);
  });
});
