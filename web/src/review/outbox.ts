/**
 * Verdicts on their way to the server. They are sent one after the other; what fails for a passing reason is sent again,
 * what the server refuses is kept for the reviewer to see. Nothing is dropped unless the reviewer says so.
 */

import { ApiError, toFailure } from "@/api/client";
import type { Failure, ReviewBody, Verdict } from "@/api/types";

/** A verdict whose reason may still be empty. */
export interface Judgement {
  verdict: Verdict;
  reason: string;
  note: string;
  answers: string[];
}

export type Outcome = { kept: ReviewBody } | { failure: Failure };
export type SaveReview = (example: string, body: Judgement & { seconds: number }) => Promise<ReviewBody>;

export interface Parcel {
  example: string;
  /** What the reviewer knows it by. */
  title: string;
  body: Judgement & { seconds: number };
  /** `held` is sent again by itself; `refused` is not. */
  state: "waiting" | "held" | "refused";
  failure: Failure | null;
  attempts: number;
  settle: (outcome: Outcome) => void;
}

const PAUSES_MS = [1000, 3000, 8000, 20_000];

/** Whether the same request may do better later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  return error.status === 0 || error.status === 401 || error.status === 408 || error.status === 429 || error.status >= 500;
}

export class Outbox {
  private parcels: readonly Parcel[] = [];
  private isSending = false;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly save: SaveReview, private readonly onChange: () => void) {}

  /** Not yet with the server, oldest first. */
  get unsent(): readonly Parcel[] {
    return this.parcels;
  }

  /** Take a verdict; a later one on the same example replaces it. Resolves after the first attempt. */
  put(example: string, title: string, body: Judgement & { seconds: number }): Promise<Outcome> {
    return new Promise((settle) => {
      const parcel: Parcel = { example, title, body, state: "waiting", failure: null, attempts: 0, settle };
      this.change([...this.parcels.filter((other) => other.example !== example), parcel]);
      void this.send();
    });
  }

  /** Send again, now, what was held or refused; resolves when that has been tried. */
  async retry(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.change(this.parcels.map((parcel) => (parcel.state === "waiting" ? parcel : { ...parcel, state: "waiting" })));
    await this.send();
  }

  /** Give up a verdict that the server refuses. */
  discard(example: string): void {
    this.change(this.parcels.filter((parcel) => parcel.example !== example));
  }

  private change(parcels: readonly Parcel[]): void {
    this.parcels = parcels;
    this.onChange();
  }

  private update(parcel: Parcel, next: Parcel | null): void {
    // A newer verdict on the same example may have taken its place meanwhile: that one is still to be sent.
    this.change(this.parcels.flatMap((other) => (other === parcel ? (next ? [next] : []) : [other])));
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      for (let parcel = this.findWaiting(); parcel; parcel = this.findWaiting()) {
        if (!(await this.sendOne(parcel))) return;
      }
    } finally {
      this.isSending = false;
    }
  }

  private findWaiting(): Parcel | undefined {
    return this.parcels.find((parcel) => parcel.state === "waiting");
  }

  private async sendOne(parcel: Parcel): Promise<boolean> {
    try {
      const kept = await this.save(parcel.example, parcel.body);
      this.update(parcel, null);
      parcel.settle({ kept });
      return true;
    } catch (error) {
      const failure = toFailure(error);
      const passing = isPassing(error);
      this.update(parcel, { ...parcel, failure, attempts: parcel.attempts + 1, state: passing ? "held" : "refused" });
      parcel.settle({ failure });
      if (!passing) return true;
      // Signed out: whoever signs in next may be somebody else, and these are not their verdicts.
      if (!(error instanceof ApiError && error.status === 401)) this.retryLater(parcel.attempts);
      return false;
    }
  }

  private retryLater(attempts: number): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.change(this.parcels.map((p) => (p.state === "held" ? { ...p, state: "waiting" } : p)));
      void this.send();
    }, PAUSES_MS[Math.min(attempts, PAUSES_MS.length - 1)]);
  }
}
