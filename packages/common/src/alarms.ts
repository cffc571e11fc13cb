/**
 * Named deadlines and one next time-out: a node has many things to do later and exactly one wake.
 * A binary heap holds the alarms that are set; each knows its place, so that setting again and
 * clearing are as cheap as setting. Equal times ring in the order in which they were set, which
 * keeps a simulated run the same every time.
 */

/** Something to be done at a time that may be moved or called off. */
export class Alarm {
  /** Monotonic milliseconds at which it rings; undefined while it is not set. */
  atMs: number | undefined;
  /** @internal Place in the heap, and the turn among equal times. */
  place = -1;
  turn = 0;

  /** @internal Made by {@link Alarms.alarm}. */
  constructor(
    private readonly alarms: Alarms,
    readonly ring: (nowMs: number) => void,
  ) {}

  /** Sets or moves the alarm. */
  set(atMs: number): void {
    this.alarms.place(this, atMs);
  }

  /** Calls the alarm off, if it is set. */
  clear(): void {
    this.alarms.remove(this);
  }
}

/** All alarms of one node. */
export class Alarms {
  private readonly heap: Alarm[] = [];
  private turns = 0;
  private roundMs = Number.NEGATIVE_INFINITY;

  /** A new alarm, not set yet. */
  alarm(ring: (nowMs: number) => void): Alarm {
    return new Alarm(this, ring);
  }

  /** The earliest time for which an alarm is set. */
  next(): number | undefined {
    return this.heap[0]?.atMs;
  }

  /** Rings all that are due. One that sets itself again for now rings in the next round. */
  ringDue(nowMs: number): void {
    const last = this.turns;
    this.roundMs = nowMs;
    for (;;) {
      const due = this.heap[0];
      if (due === undefined || (due.atMs as number) > nowMs || due.turn > last) return;
      this.remove(due);
      due.ring(nowMs);
    }
  }

  /** @internal */
  place(alarm: Alarm, atMs: number): void {
    this.remove(alarm);
    this.turns += 1;
    alarm.turn = this.turns;
    // A time before the round that rings is now: it must not come before what has been due longer.
    alarm.atMs = Math.max(atMs, this.roundMs);
    this.heap.push(alarm);
    this.rise(alarm, this.heap.length - 1);
  }

  /** @internal */
  remove(alarm: Alarm): void {
    const place = alarm.place;
    if (place < 0) return;
    alarm.place = -1;
    alarm.atMs = undefined;
    const last = this.heap.pop() as Alarm;
    if (last === alarm) return;
    this.sink(last, place);
    this.rise(last, last.place);
  }

  private rise(alarm: Alarm, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.heap[above] as Alarm;
      if (!rings(alarm, parent)) break;
      this.put(parent, place);
      place = above;
    }
    this.put(alarm, place);
  }

  private sink(alarm: Alarm, from: number): void {
    let place = from;
    for (;;) {
      const left = this.heap[2 * place + 1];
      const right = this.heap[2 * place + 2];
      const child = left !== undefined && right !== undefined && rings(right, left) ? right : left;
      if (child === undefined || !rings(child, alarm)) break;
      const below = child.place;
      this.put(child, place);
      place = below;
    }
    this.put(alarm, place);
  }

  private put(alarm: Alarm, place: number): void {
    this.heap[place] = alarm;
    alarm.place = place;
  }
}

/** Whether the first rings before the second. */
function rings(a: Alarm, b: Alarm): boolean {
  const [atA, atB] = [a.atMs as number, b.atMs as number];
  return atA < atB || (atA === atB && a.turn < b.turn);
}
