/**
 * Those who wait for their turn, whoever came last first: under a flood that nobody can serve in
 * full, whoever has just come is served, and not whoever stands behind all that came before.
 */

/** A stack without doubles; an item may come to its front again, or leave it from anywhere. */
export class NewestFirst<T> {
  /** Oldest first; whoever left leaves a gap. */
  private items: (T | undefined)[] = [];
  private readonly places = new Map<T, number>();

  /** Puts an item in front, wherever it stood. */
  add(item: T): void {
    this.delete(item);
    this.places.set(item, this.items.length);
    this.items.push(item);
  }

  /** Takes an item out, wherever it stands, if it does. */
  delete(item: T): void {
    const place = this.places.get(item);
    if (place === undefined) return;
    this.places.delete(item);
    this.items[place] = undefined;
    if (this.items.length > 2 * this.places.size + gapsMin) this.closeGaps();
  }

  /** Takes out the newest. */
  take(): T | undefined {
    while (this.items.length > 0) {
      const item = this.items.pop();
      if (item === undefined) continue;
      this.places.delete(item);
      return item;
    }
    return undefined;
  }

  private closeGaps(): void {
    this.items = [...this.places.keys()];
    for (const [place, item] of this.items.entries()) this.places.set(item as T, place);
  }
}

/** So many gaps at least before they are closed, so that a short line is not tidied all the time. */
const gapsMin = 64;
