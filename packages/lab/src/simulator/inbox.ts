/**
 * What the world has for one process. While the process runs, a delivery happens at once; while it
 * is stopped (SIGSTOP) deliveries wait in order, as they do in a kernel; once it is dead they are
 * lost.
 */
import type { VirtualClock } from './virtual-clock.js';

/** The deliveries to one process. */
export class Inbox {
  private readonly waiting: (() => void)[] = [];
  private state: 'running' | 'stopped' | 'dead' = 'running';

  /** @param afterwards runs when a resumed process has caught up with all that waited. */
  constructor(
    private readonly clock: VirtualClock,
    private readonly afterwards: () => void = () => {},
  ) {}

  /** Whether the process would hear something at once. */
  get isCaughtUp(): boolean {
    return this.state === 'running' && this.waiting.length === 0;
  }

  /** Whether the process is gone for good. */
  get isDead(): boolean {
    return this.state === 'dead';
  }

  /** Delivers now or, while the process cannot listen, later and in order. */
  take(delivery: () => void): void {
    if (this.state === 'dead') return;
    if (this.isCaughtUp) delivery();
    else this.waiting.push(delivery);
  }

  /** The process hears nothing from now on. */
  stop(): void {
    if (this.state === 'running') this.state = 'stopped';
  }

  /** The process goes on; what has waited is delivered as an event of the present time. */
  resume(): void {
    if (this.state !== 'stopped') return;
    this.state = 'running';
    this.clock.after(0, () => this.catchUp());
  }

  /** The process is gone, and all that waited for it is lost. */
  die(): void {
    this.state = 'dead';
    this.waiting.length = 0;
  }

  private catchUp(): void {
    while (this.state === 'running') {
      const delivery = this.waiting[0];
      if (delivery === undefined) break;
      delivery();
      this.waiting.shift();
    }
    if (this.isCaughtUp) this.afterwards();
  }
}
