import { cleanup, render } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEnterToSend } from "./enter";

const send = vi.fn();

function Field() {
  const input = useRef<HTMLTextAreaElement>(null);
  useEnterToSend(input, true, send);
  return <textarea ref={input} />;
}

let field: HTMLTextAreaElement;
beforeEach(() => {
  send.mockClear();
  field = render(<Field />).container.querySelector("textarea") as HTMLTextAreaElement;
});
afterEach(cleanup);

function fire(type: string, values: Record<string, unknown> = {}): Event {
  const event = new Event(type, { bubbles: true, cancelable: true });
  for (const [name, value] of Object.entries(values)) Object.defineProperty(event, name, { value });
  field.dispatchEvent(event);
  return event;
}
const enter = (values: Record<string, unknown> = {}) => fire("keydown", { key: "Enter", keyCode: 13, isComposing: false, ...values });
const lineBreak = () => fire("beforeinput", { inputType: "insertLineBreak", isComposing: false });

describe("Enter", () => {
  it("sends, once, and makes no line", () => {
    expect(enter().defaultPrevented).toBe(true);
    enter({ repeat: true });
    expect(send).toHaveBeenCalledOnce();
  });

  it("with Shift makes a line", () => {
    expect(enter({ shiftKey: true }).defaultPrevented).toBe(false);
    expect(lineBreak().defaultPrevented).toBe(false);
    expect(send).not.toHaveBeenCalled();
  });

  it("while a Korean syllable is composed: Chrome's two key events send once", () => {
    fire("compositionstart");
    enter({ isComposing: true, keyCode: 229 });
    expect(send).not.toHaveBeenCalled();
    fire("compositionend");
    enter();
    expect(send).toHaveBeenCalledOnce();
  });

  it("while composing: a browser that only asks for a line break sends once", () => {
    fire("compositionstart");
    enter({ isComposing: true, keyCode: 229 });
    fire("compositionend");
    expect(lineBreak().defaultPrevented).toBe(true);
    fire("keyup");
    expect(send).toHaveBeenCalledOnce();
  });

  it("that only picks a candidate sends nothing (Safari: the composition has ended, the code is 229)", () => {
    fire("compositionstart");
    fire("compositionend");
    enter({ isComposing: false, keyCode: 229 });
    fire("keyup");
    expect(lineBreak().defaultPrevented).toBe(false);
    expect(send).not.toHaveBeenCalled();
  });
});
