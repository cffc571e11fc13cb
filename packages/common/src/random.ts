/**
 * Chance, handed in. Every draw of a node comes from one seeded generator, so that a run can be
 * played again from a number (`rng`). The generator is xoroshiro128+ of the pure-rand library.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A source of chance with the few draws that the protocol needs. */
export class Random {
  private readonly generator: ReturnType<typeof xoroshiro128plus>;

  /** @param rng a 32-bit integer; equal numbers give equal draws on every machine. */
  constructor(rng: number) {
    this.generator = xoroshiro128plus(rng);
  }

  /** A number in [0, 1). */
  fraction(): number {
    return uniformFloat64(this.generator);
  }

  /** An integer in [0, limit); `limit` is at least 1. */
  below(limit: number): number {
    return uniformInt(this.generator, 0, limit - 1);
  }

  /** The duration, made longer or shorter by up to a fifth, so that nodes do not move in step. */
  jitter(durationMs: number): number {
    return durationMs * (0.8 + 0.4 * this.fraction());
  }

  /** A copy in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
    }
    return shuffled;
  }
}
