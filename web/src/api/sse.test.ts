import { describe, expect, it } from "vitest";
import { EventParser, readEvents } from "./sse";

const STREAM = ': ping\n\nevent: delta\ndata: {"text":"가"}\n\nevent: done\r\ndata: a\r\ndata: b\r\n\r\ndata\n\nid: 3\n\ndata: cut';
const EVENTS = [
  { event: "delta", data: '{"text":"가"}' },
  { event: "done", data: "a\nb" },
  { event: "message", data: "" },
];

describe("server-sent events", () => {
  it("are the same wherever the stream is cut", () => {
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      const parser = new EventParser();
      expect([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))]).toEqual(EVENTS);
    }
  });

  it("survive a character cut in two", async () => {
    const bytes = new TextEncoder().encode("event: delta\ndata: 온돌😀\n\n");
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytes.slice(0, cut));
          controller.enqueue(bytes.slice(cut));
          controller.close();
        },
      });
      const events = [];
      for await (const event of readEvents(body)) events.push(event);
      expect(events).toEqual([{ event: "delta", data: "온돌😀" }]);
    }
  });

  it("let go of the connection when the reader leaves early", async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => {
        isCancelled = true;
      },
    });
    for await (const event of readEvents(body)) {
      expect(event.data).toBe("1");
      break;
    }
    expect(isCancelled).toBe(true);
  });
});
