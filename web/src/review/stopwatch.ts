/** Seconds spent looking: stands still while the page is hidden. */
export class Stopwatch {
  private spent = 0;
  private since: number | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Seconds since `reset`. */
  get seconds(): number {
    return (this.spent + (this.since === null ? 0 : this.now() - this.since)) / 1000;
  }

  start(): void {
    this.since ??= this.now();
  }

  stop(): void {
    this.spent = this.seconds * 1000;
    this.since = null;
  }

  /** Begin again from `seconds`; a running watch goes on running. */
  reset(seconds = 0): void {
    this.spent = seconds * 1000;
    if (this.since !== null) this.since = this.now();
  }
}
