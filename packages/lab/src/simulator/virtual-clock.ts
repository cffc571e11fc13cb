/**
 * Virtual time: a clock that stands still until the next event and then jumps to it. Hours pass in
 * moments, and a run depends on nothing but the events themselves.
 *
 * Invariant: events happen by time, and at equal times in the order in which they were scheduled.
 */

interface ScheduledEvent {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

/** The clock of a world, with the events that are still to come (a binary heap, soonest first). */
export class VirtualClock {
  private readonly heap: ScheduledEvent[] = [];
  private scheduled = 0;
  private presentMs = 0;

  /** The present, in milliseconds since the world began. */
  get nowMs(): number {
    return this.presentMs;
  }

  /** Schedules an event at a time; one in the past happens at the present. */
  at(atMs: number, act: () => void): void {
    const event = { atMs: Math.max(atMs, this.presentMs), order: this.scheduled, act };
    this.scheduled += 1;
    this.heap.push(event);
    this.rise(this.heap.length - 1);
  }

  /** Schedules an event so many milliseconds from now. */
  after(durationMs: number, act: () => void): void {
    this.at(this.presentMs + durationMs, act);
  }

  /** Lets the next event happen, unless there is none up to this time. */
  step(untilMs: number): boolean {
    const next = this.heap[0];
    if (next === undefined || next.atMs > untilMs) return false;
    const last = this.heap.pop() as ScheduledEvent;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink(0);
    }
    this.presentMs = next.atMs;
    next.act();
    return true;
  }

  /** Lets time pass in which nothing happens; it never goes back. */
  skipTo(timeMs: number): void {
    this.presentMs = Math.max(this.presentMs, timeMs);
  }

  private rise(from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.swapIfSooner(child, parent)) return;
      child = parent;
    }
  }

  private sink(from: number): void {
    let parent = from;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= this.heap.length) return;
      const right = left + 1;
      const child = right < this.heap.length && this.isSooner(right, left) ? right : left;
      if (!this.swapIfSooner(child, parent)) return;
      parent = child;
    }
  }

  private swapIfSooner(child: number, parent: number): boolean {
    if (!this.isSooner(child, parent)) return false;
    const moved = this.heap[child] as ScheduledEvent;
    this.heap[child] = this.heap[parent] as ScheduledEvent;
    this.heap[parent] = moved;
    return true;
  }

  private isSooner(index: number, than: number): boolean {
    const a = this.heap[index] as ScheduledEvent;
    const b = this.heap[than] as ScheduledEvent;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }
}
