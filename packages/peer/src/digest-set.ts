/**
 * A set of 64-bit digests that forgets by age, the oldest first, and never holds more than its
 * bound. Entries stand in a ring in the order of their arrival; an open-addressed table (linear
 * probing, backward-shift deletion: Knuth, TAOCP 3, 6.4, algorithm R) finds them. About 24 bytes an
 * entry, a fifth of what a Set of hexadecimal texts takes.
 */
const entriesAtFirst = 1_024;

/** What is known of an entry that was forgotten; both times are rounded up to the whole second. */
export interface Forgotten {
  /** The message's own time. */
  readonly stampMs: number;
  /** When it was added, by the clock of `add`. */
  readonly addedAtMs: number;
}

/** Digests of 64 bits, each given as two integers of 32. */
export class DigestSet {
  private high: Uint32Array<ArrayBuffer> = new Uint32Array(entriesAtFirst);
  private low: Uint32Array<ArrayBuffer> = new Uint32Array(entriesAtFirst);
  private addedAtS: Uint32Array<ArrayBuffer> = new Uint32Array(entriesAtFirst);
  private stampS: Uint32Array<ArrayBuffer> = new Uint32Array(entriesAtFirst);
  /** Place in the ring plus one; 0 is empty. Twice as long as the ring, a power of two. */
  private table: Uint32Array<ArrayBuffer> = new Uint32Array(2 * entriesAtFirst);
  private oldest = 0;
  private count = 0;

  /** @param entriesMax the bound; it is rounded up to a power of two, at least 1,024. */
  constructor(private readonly entriesMax: number) {}

  get size(): number {
    return this.count;
  }

  has(high: number, low: number): boolean {
    return this.table[this.slotOf(high, low)] !== 0;
  }

  /**
   * Adds a digest that is not in the set.
   * @param nowMs never less than at the call before. @param stampMs the message's own time.
   * @returns the entry that had to make room, if one had.
   */
  add(high: number, low: number, nowMs: number, stampMs: number): Forgotten | undefined {
    let evicted: Forgotten | undefined;
    if (this.count === this.high.length) {
      if (this.count < this.entriesMax) this.grow();
      else evicted = this.dropOldest();
    }
    const place = (this.oldest + this.count) & (this.high.length - 1);
    this.high[place] = high;
    this.low[place] = low;
    this.addedAtS[place] = Math.floor(nowMs / 1_000);
    this.stampS[place] = Math.ceil(stampMs / 1_000);
    this.table[this.slotOf(high, low)] = place + 1;
    this.count += 1;
    return evicted;
  }

  /**
   * Forgets what was added before that time.
   * @returns the newest stamp (ms) of what was forgotten; undefined if nothing was.
   */
  forgetBefore(beforeMs: number): number | undefined {
    const beforeS = Math.floor(beforeMs / 1_000);
    let newestMs: number | undefined;
    while (this.count > 0 && (this.addedAtS[this.oldest] as number) < beforeS) {
      newestMs = Math.max(this.dropOldest().stampMs, newestMs ?? Number.NEGATIVE_INFINITY);
    }
    return newestMs;
  }

  /** The slot that holds a digest, or the empty one where it belongs. */
  private slotOf(high: number, low: number): number {
    const mask = this.table.length - 1;
    let slot = low & mask;
    for (;;) {
      const place = this.table[slot] as number;
      if (place === 0) return slot;
      if (this.low[place - 1] === low && this.high[place - 1] === high) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private dropOldest(): Forgotten {
    const place = this.oldest;
    const stampMs = (this.stampS[place] as number) * 1_000;
    const addedAtMs = ((this.addedAtS[place] as number) + 1) * 1_000;
    this.emptySlot(this.slotOf(this.high[place] as number, this.low[place] as number));
    this.oldest = (place + 1) & (this.high.length - 1);
    this.count -= 1;
    return { stampMs, addedAtMs };
  }

  /** Empties a slot and moves back those behind it that could no longer be found. */
  private emptySlot(slot: number): void {
    const mask = this.table.length - 1;
    let hole = slot;
    for (let next = (slot + 1) & mask; ; next = (next + 1) & mask) {
      const place = this.table[next] as number;
      if (place === 0) break;
      const home = (this.low[place - 1] as number) & mask;
      // It may move into the hole unless its home lies behind the hole.
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      this.table[hole] = place;
      hole = next;
    }
    this.table[hole] = 0;
  }

  private grow(): void {
    const { high, low, addedAtS, stampS, oldest, count } = this;
    const length = 2 * high.length;
    this.high = unrolled(high, oldest, length);
    this.low = unrolled(low, oldest, length);
    this.addedAtS = unrolled(addedAtS, oldest, length);
    this.stampS = unrolled(stampS, oldest, length);
    this.oldest = 0;
    this.table = new Uint32Array(2 * length);
    for (let place = 0; place < count; place += 1) {
      const slot = this.slotOf(this.high[place] as number, this.low[place] as number);
      this.table[slot] = place + 1;
    }
  }
}

/** The full ring in a larger array, its oldest entry first. */
function unrolled(
  ring: Uint32Array<ArrayBuffer>,
  oldest: number,
  length: number,
): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(ring.subarray(oldest));
  larger.set(ring.subarray(0, oldest), ring.length - oldest);
  return larger;
}
