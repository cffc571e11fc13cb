/** What holds for links whatever happens, in whatever order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Link } from '../src/links.js';
import { at } from './addresses.js';
import { Listener, Stage } from './links-stage.js';
import { outgoingInfo } from './scripted-runtime.js';

const linksMax = 4;

/** A link as the test follows it. */
class Followed {
  readonly taken: string[] = [];
  ends = 0;
  isOpen: boolean;
  isKept = false;
  isClosedByOwner = false;

  constructor(readonly link: Link) {
    this.isOpen = link.direction === 'in';
    const owner = new Listener();
    owner.ended = () => {};
    owner.onClosed = () => {
      this.ends += 1;
    };
    link.owner = owner;
  }

  get isGone(): boolean {
    return this.ends > 0 || this.isClosedByOwner;
  }
}

class Scene extends Stage {
  readonly followed: Followed[] = [];
  private numbers = 0;

  constructor() {
    super({ linksMax, linkQueueBytesMax: 12, firstWordMs: 100, visitorSilenceMs: 200 });
    this.reception.onMessage = (link) => this.followed.push(new Followed(link));
  }

  /** Lets something happen to a link, if it is one to which this can happen. */
  happen(what: keyof typeof happenings, which: number, size: number): void {
    const { standing } = this;
    const one = standing[which % Math.max(standing.length, 1)];
    if (what === 'accept') this.greet();
    else if (what === 'dial') this.follow(this.links.dial(at('127.0.0.1:6001'), new Listener()));
    else if (what === 'pass') this.pass(5 * size);
    else if (one !== undefined) happenings[what](this, one, size);
  }

  /** Those that neither side has ended. */
  get standing(): Followed[] {
    return this.followed.filter(({ isGone }) => !isGone);
  }

  follow(link: Link): void {
    this.followed.push(new Followed(link));
  }

  /** Sends the next number, which shows the order in which messages arrive. */
  sendNext(one: Followed): void {
    this.numbers += 1;
    const text = `${this.numbers};`;
    if (this.links.send(one.link, text)) one.taken.push(text);
  }
}

const happenings = {
  accept: () => {},
  dial: () => {},
  pass: () => {},
  opens: ({ links }: Scene, one: Followed) => {
    if (!one.isOpen) links.opened(one.link.id, outgoingInfo);
    one.isOpen = true;
  },
  fails: ({ links }: Scene, one: Followed) => {
    if (!one.isOpen) links.failed(one.link.id, 'refused');
  },
  speaks: (scene: Scene, one: Followed, size: number) => {
    if (one.isOpen) scene.hear(one.link.id, 'x'.repeat(size).concat('\n'.repeat(size % 2)));
  },
  ends: ({ links }: Scene, one: Followed) => {
    if (one.isOpen) links.ended(one.link.id);
  },
  closes: ({ links }: Scene, one: Followed) => {
    if (one.isOpen) links.closed(one.link.id);
  },
  fills: ({ runtime }: Scene, one: Followed) => {
    runtime.full.add(one.link.id);
  },
  drains: ({ runtime, links }: Scene, one: Followed) => {
    if (runtime.full.delete(one.link.id)) links.drained(one.link.id);
  },
  isSent: (scene: Scene, one: Followed) => scene.sendNext(one),
  isKept: ({ links }: Scene, one: Followed) => {
    links.keep(one.link);
    one.isKept = true;
  },
  isClosed: ({ links }: Scene, one: Followed) => {
    links.close(one.link);
    one.isClosedByOwner = true;
  },
};

const names = Object.keys(happenings) as (keyof typeof happenings)[];
const anything = fc.array(
  fc.tuple(fc.constantFrom(...names), fc.nat({ max: 5 }), fc.nat({ max: 40 })),
  { size: 'max', maxLength: 150 },
);

test('an owner hears of the end once, or never if it closed the link itself', () => {
  fc.assert(
    fc.property(anything, (steps) => {
      const scene = new Scene();
      for (const [what, which, size] of steps) scene.happen(what, which, size);
      for (const { link, ends, isClosedByOwner } of scene.followed) {
        const { lost } = scene.links;
        const stands = scene.links.send(link, '') || scene.links.lost > lost;
        expect(ends).toBe(stands || isClosedByOwner ? 0 : 1);
      }
    }),
  );
});

test('only a dial brings the links above linksMax, and only if the node wants all that stand', () => {
  fc.assert(
    fc.property(anything, (steps) => {
      const scene = new Scene();
      for (const [what, which, size] of steps) {
        const before = scene.standing;
        scene.happen(what, which, size);
        expect(scene.links.count).toBe(scene.standing.length);
        if (scene.links.count <= Math.max(linksMax, before.length)) continue;
        expect(what).toBe('dial');
        expect(before.every(({ isKept, link }) => isKept || link.direction === 'out')).toBe(true);
      }
    }),
  );
});

test('what was taken goes out once and in order, and all of it unless the link broke', () => {
  fc.assert(
    fc.property(anything, (steps) => {
      const scene = new Scene();
      for (const [what, which, size] of steps) scene.happen(what, which, size);
      scene.links.closeAll();
      for (const { link, ends, taken } of scene.followed) {
        const sent = scene.runtime.sentOver(link.id).join('').replaceAll('\n', '');
        if (ends === 0) expect(sent).toBe(taken.join(''));
        else expect(taken.join('').startsWith(sent)).toBe(true);
      }
    }),
  );
});
