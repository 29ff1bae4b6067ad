import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, ask, loadHealth, readFailure, setUnauthenticatedHandler } from "./client";

afterEach(() => vi.unstubAllGlobals());

const answerWith = (status: number, body: string) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));

describe("errors", () => {
  it("keep code, message and remedy", async () => {
    answerWith(429, '{"error":{"code":"engine_busy","message":"Busy.","remedy":"Wait."}}');
    await expect(loadHealth()).rejects.toMatchObject({ code: "engine_busy", message: "Busy.", remedy: "Wait.", status: 429 });
  });

  it("from a proxy are not shown as they are", () => {
    expect(readFailure("<html>nginx</html>", 502)).toEqual({ code: "http_502", message: "HTTP 502" });
  });

  it("tell when nobody is signed in", async () => {
    const onSignedOut = vi.fn();
    setUnauthenticatedHandler(onSignedOut);
    answerWith(401, '{"error":{"code":"not_authenticated","message":"No key."}}');
    await expect(loadHealth()).rejects.toBeInstanceOf(ApiError);
    expect(onSignedOut).toHaveBeenCalledOnce();
  });

  it("of the network have a code too", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(loadHealth()).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("asking", () => {
  it("yields the known events in order and ends with the answer", async () => {
    answerWith(200, [
      'event: sources\ndata: {"hits":[]}', ": ping", 'event: novelty\ndata: {}', 'event: delta\ndata: {"text":"a","citations":[]}',
      'event: done\ndata: {"answer":{"answer":"a"}}', 'event: delta\ndata: {"text":"late"}', "",
    ].join("\n\n"));
    const names = [];
    for await (const event of ask({ question: "q" }, new AbortController().signal)) names.push(event.event);
    expect(names).toEqual(["sources", "delta", "done"]);
  });
});
