/**
 * How links rank when room is needed, and how long each may be silent. In each rank the one longest
 * silent comes first, since whoever speaks goes to the end.
 */
import type { Limits } from './limits.js';
import type { Link } from './links.js';
import type { LinkId } from './runtime.js';

/** Rank of a link when room is needed: first those that never spoke, last those that are kept. */
export type Standing = 'wordless' | 'visitor' | 'kept';

/** Every link of a node in its standing. */
export class Standings {
  private readonly links: Record<Standing, Map<LinkId, Link>> = {
    wordless: new Map(),
    visitor: new Map(),
    kept: new Map(),
  };

  constructor(private readonly limits: Limits) {}

  /** Puts a link, which has just spoken or come up, at the end of a standing. */
  put(link: Link, standing: Standing): void {
    this.delete(link);
    link.standing = standing;
    this.links[standing].set(link.id, link);
  }

  /** Forgets a link, which is gone. */
  delete(link: Link): void {
    this.links[link.standing].delete(link.id);
  }

  /** Who makes room for a link that the node itself dials: strangers only. */
  roomForOwn(): Link | undefined {
    return this.longestSilent('wordless') ?? this.longestSilent('visitor');
  }

  /**
   * Who makes room for a stranger: first those that never spoke, but each has a moment to do so; or
   * with all places taken by those that did, no newcomer would get to its first word.
   */
  roomForStranger(nowMs: number): Link | undefined {
    const wordless = this.longestSilent('wordless');
    const hadItsMoment =
      wordless !== undefined && wordless.heardAtMs + this.limits.wordlessSparedMs <= nowMs;
    if (hadItsMoment) return wordless;
    return this.longestSilent('visitor') ?? wordless ?? this.longestSilent('kept');
  }

  /** Milliseconds that a link of this standing may be silent. */
  silenceMs(standing: Standing): number {
    if (standing === 'kept') return Number.POSITIVE_INFINITY;
    return standing === 'wordless' ? this.limits.firstWordMs : this.limits.visitorSilenceMs;
  }

  /** The first that has been silent for too long, and when the next one will be. */
  overdue(nowMs: number): { readonly link: Link | undefined; readonly nextMs: number } {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const standing of ['wordless', 'visitor'] as const) {
      const link = this.longestSilent(standing);
      if (link === undefined) continue;
      const atMs = link.heardAtMs + this.silenceMs(standing);
      if (atMs <= nowMs) return { link, nextMs };
      nextMs = Math.min(nextMs, atMs);
    }
    return { link: undefined, nextMs };
  }

  private longestSilent(standing: Standing): Link | undefined {
    const [first] = this.links[standing].values();
    return first;
  }
}
