/**
 * What waits for one link that has no room. The node's own words go before what it only passes on:
 * a neighbor that is behind with gossip must still get its liveness reply in time.
 */
export class SendQueue {
  /** Bytes that wait. */
  bytes = 0;
  private readonly own = new Fifo();
  private readonly relayed = new Fifo();

  /** Adds a message of the node's own, or one that it passes on. */
  push(bytes: Uint8Array, isRelayed: boolean): void {
    this.bytes += bytes.length;
    (isRelayed ? this.relayed : this.own).push(bytes);
  }

  /** Takes out what goes next; undefined: nothing waits. */
  shift(): Uint8Array | undefined {
    const bytes = this.own.shift() ?? this.relayed.shift();
    this.bytes -= bytes?.length ?? 0;
    return bytes;
  }
}

/** First in, first out; taking out the first costs the same however many wait. */
class Fifo {
  private items: Uint8Array[] = [];
  private taken = 0;

  push(item: Uint8Array): void {
    this.items.push(item);
  }

  shift(): Uint8Array | undefined {
    const item = this.items[this.taken];
    this.taken += 1;
    if (this.taken < this.items.length) return item;
    this.items = [];
    this.taken = 0;
    return item;
  }
}
