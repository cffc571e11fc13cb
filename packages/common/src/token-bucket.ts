/** A rate with room for a burst: the token bucket (RFC 2697 has its terms). */
export class TokenBucket {
  private tokens: number;
  private filledAtMs: number | undefined;

  /**
   * @param burst how many may be taken at once after a long rest; @param perSecond how many come
   * back every second.
   */
  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
  ) {
    this.tokens = burst;
  }

  /** Takes one, if there is one. */
  take(nowMs: number): boolean {
    this.fill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  /**
   * Milliseconds of the same clock at which one can be taken, if nobody takes one before; infinity
   * for never.
   */
  readyAtMs(nowMs: number): number {
    this.fill(nowMs);
    const lacking = Math.max(0, 1 - this.tokens);
    // A whole millisecond later than exact, so that no rounding leaves a hair less than a token.
    return lacking === 0 ? nowMs : nowMs + Math.ceil((1_000 * lacking) / this.perSecond);
  }

  private fill(nowMs: number): void {
    this.filledAtMs ??= nowMs;
    if (nowMs <= this.filledAtMs) return;
    const elapsedMs = nowMs - this.filledAtMs;
    this.filledAtMs = nowMs;
    this.tokens = Math.min(this.burst, this.tokens + (elapsedMs * this.perSecond) / 1_000);
  }
}
