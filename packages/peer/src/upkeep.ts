/**
 * How many links this end keeps up: those that it has dialed, from its first picks on. Each that is
 * lost is owed until another is dialed, so that degrees stay what they were; and whoever is left
 * with too few dials more.
 */
export class Upkeep {
  private owed = 0;
  private hasPicked = false;

  constructor(private readonly neighborsMin: number) {}

  /** The first list has come: from now on the first picks are owed. Later calls change nothing. */
  begin(unionSize: number): void {
    if (this.hasPicked || unionSize === 0) return;
    this.hasPicked = true;
    this.owed = Math.min(this.neighborsMin, unionSize);
  }

  /** A link of this end's is gone. */
  owe(): void {
    this.owed += 1;
  }

  /** A new link is one that was owed; false if none was. */
  payOff(): boolean {
    if (this.owed === 0) return false;
    this.owed -= 1;
    return true;
  }

  isLacking(neighbors: number): boolean {
    return neighbors < this.neighborsMin;
  }

  /** How many links more are wanted by one that has so many neighbors. */
  wanted(neighbors: number): number {
    return Math.max(this.neighborsMin - neighbors, this.owed);
  }
}
