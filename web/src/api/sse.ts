/** Server-sent events over `fetch`, so that a request may be a POST and may be aborted. */

export interface ServerEvent {
  event: string;
  data: string;
}

/**
 * Split a stream of text into events (WHATWG HTML, "Server-sent events", interpretation of the stream).
 *
 * `push` takes text as it arrives, cut anywhere; comments (`: ping`) are dropped. `id` and `retry` are not used here.
 */
export class EventParser {
  #buffer = "";
  #event = "";
  #data: string[] = [];
  #afterCarriageReturn = false;

  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    for (const character of text) {
      if (character === "\n" && this.#afterCarriageReturn) {
        this.#afterCarriageReturn = false;
        continue;
      }
      this.#afterCarriageReturn = character === "\r";
      if (character === "\n" || character === "\r") {
        const event = this.#endLine();
        if (event) events.push(event);
      } else this.#buffer += character;
    }
    return events;
  }

  #endLine(): ServerEvent | null {
    const line = this.#buffer;
    this.#buffer = "";
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    return null;
  }

  #dispatch(): ServerEvent | null {
    const event = this.#data.length ? { event: this.#event || "message", data: this.#data.join("\n") } : null;
    this.#event = "";
    this.#data = [];
    return event;
  }
}

/** Yield the events of a response body; returns when the server closes the stream. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: false });
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
