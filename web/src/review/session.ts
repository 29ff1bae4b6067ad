/**
 * One reviewer's work on one dataset: a line of examples with a place in it.
 *
 * Behind the place lie the examples that have been judged, before it those that were fetched ahead, so that the next one
 * is there at the press of a key. The server chooses what comes next by what has been judged; it is told what is in hand.
 */

import {
  listMyReviews, loadNextReview, loadReviewItem, saveReview as putReview, toFailure,
} from "@/api/client";
import type { Failure, ReviewBody, ReviewItem, ReviewNext } from "@/api/types";
import { readExample } from "./conversation";
import { type Judgement, type Outcome, Outbox, type Parcel, type SaveReview } from "./outbox";
import { Stopwatch } from "./stopwatch";

export interface ReviewServer {
  next: (skip: readonly string[]) => Promise<ReviewNext>;
  mine: () => Promise<ReviewBody[]>;
  item: (example: string) => Promise<ReviewItem>;
  save: SaveReview;
}

export interface Entry {
  id: string;
  item: ReviewItem;
  judgement: Judgement | null;
  /** Put aside for later; it comes again when all else is done. */
  isAside: boolean;
  seconds: number;
}

export interface SessionState {
  line: readonly Entry[];
  /** The place in the line; its length where the next example is still on its way, or where there is none. */
  place: number;
  isExhausted: boolean;
  failure: Failure | null;
  /** Whether there may be earlier verdicts to go back to. */
  hasEarlier: boolean;
  unsent: readonly Parcel[];
  /** Not judged yet, this one among them; `null` until the first example is here. */
  left: number | null;
  judged: number;
  perHour: number | null;
  /** What was decided last, to show that it was heard. */
  last: Judgement | null;
}

const AHEAD = 3;
const KEPT_BEHIND = 100;
const RATED_FROM = 3;
const RETRY_MS = 3000;
const MAX_SKIPPED = 400;
const LONGEST_S = 86_400;
const STALE_MS = 600_000;

export class ReviewSession {
  private line: readonly Entry[] = [];
  private place = 0;
  private isExhausted = false;
  private isFilling = false;
  private isGoingBack = false;
  private hasEarlier = true;
  private failure: Failure | null = null;
  private beyond: number | null = null;
  private last: Judgement | null = null;
  private readonly discarded = new Set<string>();
  private readonly spent = new Map<string, number>();
  private readonly watch: Stopwatch;
  private readonly outbox: Outbox;
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private state: SessionState;

  private pausedAt: number | null = null;

  constructor(private readonly server: ReviewServer, private readonly now: () => number = () => performance.now()) {
    this.watch = new Stopwatch(now);
    this.outbox = new Outbox(server.save, () => this.publish());
    this.state = this.build();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly read = (): SessionState => this.state;

  get current(): Entry | null {
    return this.line[this.place] ?? null;
  }

  /** Somebody looks at it; the time counts from here. */
  open(): void {
    if (this.pausedAt !== null && this.now() - this.pausedAt > STALE_MS) this.dropAhead();
    this.pausedAt = null;
    this.watch.start();
    void this.fill();
  }

  /** Nobody looks at it any more. */
  pause(): void {
    this.pausedAt ??= this.now();
    this.watch.stop();
  }

  /** After a long while others have judged too, and the dataset may be another: what was fetched ahead is let go. */
  private dropAhead(): void {
    this.line = this.line.filter((entry, index) => index <= this.place || entry.judgement || entry.isAside);
    this.isExhausted = false;
    this.publish();
  }

  /** Keep a verdict on the present example. Resolves after the first attempt to send it; does not move on. */
  judge(judgement: Judgement): Promise<Outcome> {
    const entry = this.current;
    if (!entry) throw new Error("There is no example to judge.");
    const seconds = Math.min(this.watch.seconds, LONGEST_S);
    this.spent.set(entry.id, seconds);
    this.last = judgement;
    this.replace({ ...entry, judgement, isAside: false, seconds });
    const title = readExample(entry.item.example).turns[0]?.question ?? entry.id;
    return this.outbox.put(entry.id, title, { ...judgement, seconds: Math.round(seconds * 100) / 100 });
  }

  /** Go to the first example that is neither judged nor put aside. */
  advance(): void {
    const open = this.line.findIndex((entry) => !entry.judgement && !entry.isAside);
    this.moveTo(open < 0 ? this.line.length : open);
    this.trim();
    void this.fill();
  }

  putAside(): void {
    const entry = this.current;
    if (!entry || entry.judgement) return;
    this.replace({ ...entry, isAside: true, seconds: this.watch.seconds });
    this.advance();
  }

  /** Take up again what was put aside. */
  takeUp(): void {
    this.line = this.line.map((entry) => ({ ...entry, isAside: false }));
    this.advance();
  }

  forward(): void {
    const entry = this.current;
    if (entry && (entry.judgement || entry.isAside)) this.moveTo(this.place + 1);
  }

  /** Go to the example before this one; beyond the start of the line, to the reviewer's earlier verdicts. */
  async back(): Promise<void> {
    if (this.place > 0) {
      this.moveTo(this.place - 1);
      return;
    }
    if (this.isGoingBack || !this.hasEarlier) return;
    this.isGoingBack = true;
    try {
      const known = new Set(this.line.map((entry) => entry.id));
      const earlier = (await this.server.mine()).find((review) => !known.has(review.example_id));
      this.hasEarlier = earlier !== undefined;
      if (earlier) {
        const item = await this.server.item(earlier.example_id);
        const { verdict, reason, note, answers } = item.mine ?? earlier;
        const judgement = { verdict, reason, note, answers };
        // The reader may have moved on meanwhile: then the line just grew at its far end.
        const isWaiting = this.place === 0;
        this.line = [{ id: earlier.example_id, item, judgement, isAside: false, seconds: 0 }, ...this.line];
        if (isWaiting) this.resetWatch();
        else this.place += 1;
      }
    } catch (error) {
      this.failure = toFailure(error);
    } finally {
      this.isGoingBack = false;
      this.publish();
    }
  }

  /** Try again whatever failed. */
  async retry(): Promise<void> {
    void this.fill();
    await this.outbox.retry();
  }

  discard(example: string): void {
    this.discarded.add(example);
    this.outbox.discard(example);
  }

  private replace(entry: Entry): void {
    this.line = this.line.map((other) => (other.id === entry.id ? entry : other));
    this.publish();
  }

  private moveTo(place: number): void {
    const leaving = this.current;
    if (leaving) {
      const seconds = this.watch.seconds;
      this.line = this.line.map((other) => (other === leaving ? { ...leaving, seconds } : other));
    }
    this.place = place;
    this.resetWatch();
    this.publish();
  }

  private resetWatch(): void {
    this.watch.reset(this.current?.seconds ?? 0);
  }

  /** Forget the oldest verdicts: the server keeps them, and `back` fetches them again. */
  private trim(): void {
    const surplus = this.place - KEPT_BEHIND;
    if (surplus <= 0) return;
    const unsent = new Set(this.outbox.unsent.map((parcel) => parcel.example));
    const kept = this.line.filter((entry, index) => index >= surplus || entry.isAside || unsent.has(entry.id));
    this.place -= this.line.length - kept.length;
    this.line = kept;
    this.hasEarlier = true;
    this.publish();
  }

  private async fill(): Promise<void> {
    if (this.isFilling) return;
    this.isFilling = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    try {
      while (!this.isExhausted && this.countAhead() < AHEAD) {
        const { item } = await this.server.next(this.listInHand());
        this.failure = null;
        if (item && !this.line.some((entry) => entry.id === item.example.id)) {
          this.line = [...this.line, { id: item.example.id, item, judgement: null, isAside: false, seconds: 0 }];
          this.beyond = (item.left ?? 1) - 1;
          if (this.place === this.line.length - 1) this.resetWatch();
        } else {
          this.isExhausted = true;
          this.beyond = 0;
        }
        this.publish();
      }
    } catch (error) {
      this.failure = toFailure(error);
      this.timer = setTimeout(() => void this.fill(), RETRY_MS);
      this.publish();
    } finally {
      this.isFilling = false;
    }
  }

  private countAhead(): number {
    return this.line.filter((entry, index) => index >= this.place && !entry.judgement && !entry.isAside).length;
  }

  /** What the server cannot know to be taken: not judged, or judged and not yet there. */
  private listInHand(): string[] {
    const unsaved = new Set([...this.discarded, ...this.outbox.unsent.map((parcel) => parcel.example)]);
    const held = this.line.filter((entry) => !entry.judgement || unsaved.has(entry.id)).map((entry) => entry.id);
    return held.slice(-MAX_SKIPPED);
  }

  private build(): SessionState {
    const { line, place, isExhausted, failure, hasEarlier, last } = this;
    const seconds = [...this.spent.values()].reduce((sum, each) => sum + each, 0);
    return {
      line, place, isExhausted, failure, last,
      hasEarlier: hasEarlier || place > 0,
      unsent: this.outbox.unsent,
      left: this.beyond === null ? null : this.beyond + line.filter((entry) => !entry.judgement).length,
      judged: this.spent.size,
      perHour: this.spent.size >= RATED_FROM && seconds > 0 ? (3600 * this.spent.size) / seconds : null,
    };
  }

  private publish(): void {
    this.state = this.build();
    for (const listener of this.listeners) listener();
  }
}

const sessions = new Map<string, ReviewSession>();

function warnBeforeLeaving(event: BeforeUnloadEvent): void {
  if (countUnsent()) event.preventDefault();
}

/** The session of a dataset: one for as long as the page is loaded, so that nothing unsent is lost on the way. */
export function openSession(dataset: string): ReviewSession {
  const known = sessions.get(dataset);
  if (known) return known;
  const session = new ReviewSession({
    next: (skip) => loadNextReview(dataset, skip),
    mine: async () => (await listMyReviews(dataset)).reviews,
    item: (example) => loadReviewItem(dataset, example),
    save: (example, body) => putReview(dataset, example, body),
  });
  sessions.set(dataset, session);
  window.addEventListener("beforeunload", warnBeforeLeaving);
  return session;
}

export function countUnsent(): number {
  return [...sessions.values()].reduce((sum, session) => sum + session.read().unsent.length, 0);
}

/** Send what is left of every dataset; resolves when it has been tried. */
export async function sendUnsent(): Promise<void> {
  await Promise.all([...sessions.values()].map((session) => session.retry()));
}
