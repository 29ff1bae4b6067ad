import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import type { ReviewBody, ReviewItem } from "@/api/types";
import type { Judgement } from "./outbox";
import { ReviewSession, type ReviewServer } from "./session";

const ACCEPT: Judgement = { verdict: "accept", reason: "", note: "", answers: [] };
const REJECT: Judgement = { verdict: "reject", reason: "wrong", note: "", answers: [] };

function item(id: string, left: number): ReviewItem {
  const messages = [{ role: "user", content: `${id}?` }, { role: "assistant", content: id }];
  return { split: "train", sources: [], left, pick: "uncertain", example: { id, messages, book: "closed", verdicts: [] } } as unknown as ReviewItem;
}

/** Chooses as the server does: the first that is neither judged nor named in `skip`. */
class FakeServer implements ReviewServer {
  readonly saved = new Map<string, { verdict: string; seconds: number }>();
  readonly asked: (readonly string[])[] = [];
  failures: Error[] = [];
  gate: Promise<void> = Promise.resolve();

  constructor(readonly ids: string[], earlier: Record<string, string> = {}) {
    for (const [id, verdict] of Object.entries(earlier)) this.saved.set(id, { verdict, seconds: 1 });
  }

  next = async (skip: readonly string[]) => {
    this.asked.push(skip);
    const left = this.ids.filter((id) => !this.saved.has(id) && !skip.includes(id));
    return left[0] ? { item: item(left[0], left.length) } : {};
  };
  mine = async () =>
    [...this.saved].reverse().map(([example_id, { verdict }]) => ({ example_id, verdict, reason: "", note: "", answers: [] }) as unknown as ReviewBody);
  item = async (id: string) => item(id, 0);
  save = async (example: string, body: Judgement & { seconds: number }) => {
    await this.gate;
    const failure = this.failures.shift();
    if (failure) throw failure;
    this.saved.delete(example);
    this.saved.set(example, { verdict: body.verdict, seconds: body.seconds });
    return { example_id: example, warning: body.verdict === "fix" ? "doubt" : null } as unknown as ReviewBody;
  };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const ids = ["a", "b", "c", "d", "e", "f", "g"];

describe("a reviewer's session", () => {
  let clock = 0;
  beforeEach(() => {
    vi.useFakeTimers();
    clock = 0;
  });
  afterEach(() => vi.useRealTimers());

  async function begin(server: FakeServer): Promise<ReviewSession> {
    const session = new ReviewSession(server, () => clock);
    session.open();
    await settled();
    return session;
  }

  it("has the next examples in hand before they are asked for, each once", async () => {
    const server = new FakeServer(ids);
    server.gate = new Promise(() => undefined); // nothing gets through
    const session = await begin(server);
    const seen: string[] = [];
    while (session.current && seen.length < 20) {
      seen.push(session.current.id);
      void session.judge(ACCEPT);
      session.advance();
      await settled();
    }
    expect(seen).toEqual(ids);
    expect(session.read().unsent).toHaveLength(ids.length);
    expect(session.read().isExhausted).toBe(true);
  });

  it("moves on at once, without waiting for the server", async () => {
    const server = new FakeServer(ids);
    const session = await begin(server);
    void session.judge(ACCEPT);
    session.advance();
    expect(session.current?.id).toBe("b");
    expect(session.read().left).toBe(6);
  });

  it("goes back to change a verdict, then on to where it was", async () => {
    const server = new FakeServer(ids);
    const session = await begin(server);
    for (let n = 0; n < 3; n += 1) {
      void session.judge(ACCEPT);
      session.advance();
    }
    await session.back();
    await session.back();
    expect(session.current?.id).toBe("b");
    expect(session.current?.judgement).toEqual(ACCEPT);
    void session.judge(REJECT);
    session.advance();
    await settled();
    expect(session.current?.id).toBe("d");
    expect(server.saved.get("b")?.verdict).toBe("reject");
    expect(session.read().left).toBe(4);
  });

  it("goes back beyond a reload to earlier verdicts, newest first, and forward again", async () => {
    const server = new FakeServer(ids, { a: "accept", b: "reject" });
    const session = await begin(server);
    expect(session.current?.id).toBe("c");
    await session.back();
    expect(session.current?.id).toBe("b");
    expect(session.current?.judgement?.verdict).toBe("reject");
    await session.back();
    expect(session.current?.id).toBe("a");
    await session.back();
    expect(session.current?.id).toBe("a");
    expect(session.read().hasEarlier).toBe(false);
    session.forward();
    session.forward();
    session.forward();
    expect(session.current?.id).toBe("c");
  });

  it("keeps what could not be sent, sends it again by itself, and tells the truth meanwhile", async () => {
    const server = new FakeServer(ids);
    const session = await begin(server);
    server.failures = [new ApiError({ code: "unreachable", message: "down" }, 0), new ApiError({ code: "x", message: "busy" }, 503)];
    void session.judge(ACCEPT);
    session.advance();
    await settled();
    expect(session.read().unsent).toMatchObject([{ example: "a", state: "held", failure: { code: "unreachable" } }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(session.read().unsent).toEqual([]);
    expect(server.saved.get("a")?.verdict).toBe("accept");
  });

  it("sends nothing by itself once signed out: the next to sign in may be somebody else", async () => {
    const server = new FakeServer(ids);
    const session = await begin(server);
    server.failures = [new ApiError({ code: "not_authenticated", message: "who?" }, 401)];
    void session.judge(ACCEPT);
    session.advance();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.saved.size).toBe(0);
    expect(session.read().unsent).toMatchObject([{ example: "a", state: "held" }]);
    await session.retry();
    expect(server.saved.has("a")).toBe(true);
  });

  it("asks anew for what is ahead after a long break", async () => {
    const server = new FakeServer([...ids]);
    const session = await begin(server);
    session.pause();
    server.ids.splice(1, 2); // others took them out
    clock = 3_600_000;
    session.open();
    await settled();
    expect(session.read().line.map((entry) => entry.id)).toEqual(["a", "d", "e"]);
    expect(session.read().left).toBe(5);
  });

  it("shows what the server refuses until the reviewer gives it up, and is not shown it again", async () => {
    const server = new FakeServer(ids.slice(0, 2));
    const session = await begin(server);
    server.failures = [new ApiError({ code: "not_found", message: "gone" }, 404)];
    void session.judge(ACCEPT);
    session.advance();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(session.read().unsent).toMatchObject([{ example: "a", state: "refused", title: "a?" }]);
    void session.judge(ACCEPT);
    session.advance();
    session.discard("a");
    await settled();
    expect(session.read().unsent).toEqual([]);
    expect(session.current).toBeNull();
    expect(server.saved.has("b")).toBe(true);
  });

  it("sends only the last of several verdicts on one example that wait", async () => {
    const server = new FakeServer(ids);
    let open: () => void = () => undefined;
    server.gate = new Promise((resolve) => {
      open = resolve;
    });
    const session = await begin(server);
    void session.judge(ACCEPT);
    session.advance();
    await session.back();
    void session.judge(REJECT);
    session.advance();
    expect(session.read().unsent).toHaveLength(1);
    open();
    await settled();
    expect(server.saved.get("a")?.verdict).toBe("reject");
    expect(session.read().unsent).toEqual([]);
  });

  it("puts aside, and takes up again at the end", async () => {
    const server = new FakeServer(ids.slice(0, 3));
    const session = await begin(server);
    session.putAside();
    expect(session.current?.id).toBe("b");
    for (let n = 0; n < 2; n += 1) {
      void session.judge(ACCEPT);
      session.advance();
    }
    await settled();
    expect(session.current).toBeNull();
    expect(session.read().left).toBe(1);
    session.takeUp();
    expect(session.current?.id).toBe("a");
  });

  it("measures the time in view, over several looks", async () => {
    const server = new FakeServer(ids);
    const session = await begin(server);
    clock = 4000;
    session.pause();
    clock = 60_000;
    session.open();
    clock = 62_000;
    void session.judge(ACCEPT);
    session.advance();
    await settled();
    expect(server.saved.get("a")?.seconds).toBe(6);
    clock = 65_000;
    await session.back();
    clock = 66_000;
    void session.judge(REJECT);
    await settled();
    expect(server.saved.get("a")?.seconds).toBe(7);
  });

  it("returns what the server doubts of a correction", async () => {
    const session = await begin(new FakeServer(ids));
    const outcome = await session.judge({ ...ACCEPT, verdict: "fix", answers: ["x"] });
    expect(outcome).toMatchObject({ kept: { warning: "doubt" } });
    expect(session.current?.id).toBe("a");
  });

  it("tries again by itself when the next example cannot be had", async () => {
    const server = new FakeServer(ids);
    const next = server.next;
    server.next = () => Promise.reject(new ApiError({ code: "unreachable", message: "down" }, 0));
    const session = await begin(server);
    expect(session.read().failure?.code).toBe("unreachable");
    server.next = next;
    await vi.advanceTimersByTimeAsync(5000);
    expect(session.current?.id).toBe("a");
    expect(session.read().failure).toBeNull();
  });

  it("forgets the oldest verdicts of a long day, and can still go back to them", async () => {
    const many = Array.from({ length: 150 }, (_, n) => `e${n}`);
    const session = await begin(new FakeServer(many));
    for (let n = 0; n < 130; n += 1) {
      void session.judge(ACCEPT);
      session.advance();
      await settled();
    }
    expect(session.current?.id).toBe("e130");
    expect(session.read().line.length).toBeLessThan(110);
    expect(session.read().left).toBe(20);
    for (let n = 0; n < 101; n += 1) await session.back();
    expect(session.current?.id).toBe("e29");
  });
});
