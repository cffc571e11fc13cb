/**
 * What every {@link Runtime} must do, as a suite: the rules in the header of common/runtime, and
 * what their callers rely on. It runs on the in-memory world and on real sockets, so it waits for
 * conditions only, and a bench says how.
 */
import type { Address } from '@hearsay/common/address';
import type { LinkId } from '@hearsay/common/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bench, BenchSocket } from './bench.js';
import { type Heard, type Reactions, Witness } from './witness.js';

/** Milliseconds in which what must not happen would have happened. */
const graceMs = 60;

/** Declares the suite for one runtime. */
export function describeRuntime(name: string, makeBench: () => Bench): void {
  describe(`the contract of Runtime, kept by ${name}`, () => {
    let bench: Bench;
    let witnesses: Witness[];
    beforeEach(() => {
      bench = makeBench();
      witnesses = [];
    });
    afterEach(async () => {
      await bench.end();
      for (const witness of witnesses) {
        expect(witness.reentries, 'a node was re-entered').toEqual([]);
        expect(witness.count('start')).toBe(1);
      }
    });

    /** A node that watches, at an address of its own. */
    async function spawn(reactions: Reactions = {}): Promise<[Witness, Address]> {
      let witness: Witness | undefined;
      const address = await bench.spawn((runtime) => {
        witness = new Witness(runtime, reactions);
        witnesses.push(witness);
        return witness;
      });
      return [witness as Witness, address];
    }

    /** A node and a plain socket that is connected to it. */
    async function spawnWithSocket(
      reactions: Reactions = {},
    ): Promise<[Witness, LinkId, BenchSocket, Address]> {
      const [node, address] = await spawn(reactions);
      const socket = bench.connect(address);
      await bench.until(() => socket.open && node.incoming !== undefined);
      return [node, node.incoming as LinkId, socket, address];
    }

    /** Two nodes, the first of which has dialed the second. */
    async function spawnLinked(): Promise<[Witness, LinkId, Witness, LinkId]> {
      const [dialer] = await spawn();
      const [listener, address] = await spawn();
      const link = dialer.dial(address);
      await bench.until(() => dialer.count('opened') === 1 && listener.count('opened') === 1);
      return [dialer, link, listener, listener.incoming as LinkId];
    }

    /** Waits for so long by the node's own clock: for what must not happen. */
    async function pass(node: Witness): Promise<void> {
      const untilMs = node.nowMs + graceMs;
      node.wakeAt(untilMs);
      await bench.until(() => node.nowMs >= untilMs);
    }

    describe('dialing', () => {
      test('a dial opens both ends, and each knows the other', async () => {
        const [dialer] = await spawn();
        const [listener, address] = await spawn();
        const link = dialer.dial(address);
        expect(dialer.callsOf(link)).toEqual([]);
        await bench.until(() => dialer.count('opened') === 1 && listener.count('opened') === 1);
        expect(dialer.heard.at(-1)).toEqual({
          call: 'opened',
          link,
          info: { direction: 'out', medium: 'stream', remote: address },
        });
        const { info } = listener.heard.at(-1) as Extract<Heard, { call: 'opened' }>;
        expect(info).toMatchObject({ direction: 'in', medium: 'stream' });
        expect(info.remote.ip).toBe(address.ip);
        expect(info.remote.port).toBeGreaterThan(0);
      });

      test('a refused dial fails once and never opens', async () => {
        const [node] = await spawn();
        const link = node.dial(await bench.deserted());
        await bench.until(() => node.count('failed') === 1);
        await pass(node);
        expect(node.callsOf(link)).toEqual(['failed']);
        expect(node.heard.find((heard) => heard.call === 'failed')).toMatchObject({
          reason: 'refused',
        });
      });

      test('nothing comes from a dial that the node has closed itself', async () => {
        const [node] = await spawn();
        const [, address] = await spawn();
        const toListener = node.dial(address);
        const toNobody = node.dial(await bench.deserted());
        node.close(toListener);
        node.close(toNobody);
        await pass(node);
        expect([...node.callsOf(toListener), ...node.callsOf(toNobody)]).toEqual([]);
      });

      test('no two links of a node have the same name', async () => {
        const [listener, address] = await spawn();
        const [node] = await spawn();
        const nobody = await bench.deserted();
        const links = new Set<LinkId>();
        for (let round = 1; round <= 4; round += 1) {
          links.add(node.dial(address)).add(node.dial(nobody));
          await bench.until(
            () => listener.count('opened') === round && node.count('failed') === round,
          );
        }
        expect(links.size).toBe(8);
      });
    });

    describe('bytes', () => {
      test('bytes arrive whole and in order, both ways at once', async () => {
        const [dialer, out, listener, incoming] = await spawnLinked();
        const pieces = Array.from({ length: 200 }, (_, index) =>
          Buffer.from(`${index}:${'x'.repeat((index * 37) % 1_500)};`),
        );
        for (const piece of pieces) {
          dialer.send(out, piece);
          listener.send(incoming, piece);
        }
        const whole = Buffer.concat(pieces);
        await bench.until(
          () =>
            listener.bytesOf(incoming).length >= whole.length &&
            dialer.bytesOf(out).length >= whole.length,
        );
        expect(listener.bytesOf(incoming).equals(whole)).toBe(true);
        expect(dialer.bytesOf(out).equals(whole)).toBe(true);
      });

      test('a half-close is heard as ended after the bytes, and the other way still works', async () => {
        const [node, link, socket] = await spawnWithSocket();
        socket.send('question');
        socket.end();
        await bench.until(() => node.count('ended') === 1);
        expect(node.bytesOf(link).toString()).toBe('question');
        node.send(link, 'answer');
        await bench.until(() => socket.receivedBytes.length === 6);
        await pass(node);
        expect(socket.receivedBytes.toString()).toBe('answer');
        expect(node.callsOf(link).filter((call) => call !== 'bytes')).toEqual(['opened', 'ended']);
        node.close(link);
        await bench.until(() => socket.ended);
      });

      test('send says false when there is no room, and drained follows when there is', async () => {
        const piece = Buffer.alloc(65_536, 'a');
        const bytesMax = 256 * piece.length;
        let [sentBytes, refusals] = [0, 0];
        const fill = (node: Witness, link: LinkId) => {
          for (let hasRoom = true; hasRoom && sentBytes < bytesMax; sentBytes += piece.length) {
            hasRoom = node.send(link, piece);
            if (!hasRoom) refusals += 1;
          }
        };
        const [node, link, socket] = await spawnWithSocket({
          drained: (heard, self) => fill(self, (heard as { link: LinkId }).link),
        });
        socket.pause();
        fill(node, link);
        await pass(node);
        expect(sentBytes, 'without a reader the buffers are full one day').toBeLessThan(bytesMax);
        expect(node.count('drained')).toBe(refusals - 1);
        socket.resume();
        await bench.until(() => socket.receivedBytes.length >= bytesMax);
        await bench.until(() => node.count('drained') === refusals);
        expect(sentBytes).toBe(bytesMax);
        expect(socket.receivedBytes.length).toBe(bytesMax);
        expect(node.send(link, 'more'), 'drained means that there is room').toBe(true);
      });
    });

    describe('the end of a link', () => {
      test('what was sent before close goes out whole, then the other side hears the end', async () => {
        const [node, link, socket] = await spawnWithSocket();
        const bytes = Buffer.alloc(1_000_000, 'hearsay ');
        node.send(link, bytes);
        node.close(link);
        await bench.until(() => socket.ended || socket.closed);
        expect(socket.receivedBytes.equals(bytes)).toBe(true);
        expect(socket.ended).toBe(true);
      });

      test('what the other side sends meanwhile spoils nothing of what was sent before close', async () => {
        const [node, link, socket] = await spawnWithSocket();
        const bytes = Buffer.alloc(1_000_000, 'hearsay ');
        socket.send('not heard any more');
        node.send(link, bytes);
        node.close(link);
        await bench.until(() => socket.ended || socket.closed);
        expect(socket.receivedBytes.equals(bytes)).toBe(true);
      });

      test('after its own close a node hears nothing more of the link', async () => {
        const [node, link, socket] = await spawnWithSocket();
        socket.send('not heard any more');
        node.close(link);
        await bench.until(() => socket.ended);
        socket.send('nor this');
        socket.end();
        await pass(node);
        expect(node.callsOf(link)).toEqual(['opened']);
      });

      test('when both sides close at once, neither hears anything', async () => {
        const [dialer, out, listener, incoming] = await spawnLinked();
        dialer.close(out);
        listener.close(incoming);
        await pass(dialer);
        expect([...dialer.callsOf(out), ...listener.callsOf(incoming)]).toEqual([
          'opened',
          'opened',
        ]);
      });

      test('a link that is reset is closed exactly once, and sending into it harms nothing', async () => {
        const [node, link, socket] = await spawnWithSocket();
        socket.reset();
        await bench.until(() => node.count('closed') === 1);
        expect(node.send(link, 'too late'), 'there is no room to wait for').toBe(true);
        node.close(link);
        await pass(node);
        expect(node.callsOf(link).filter((call) => call !== 'ended')).toEqual(['opened', 'closed']);
      });

      test('a node that goes on sending to a side that has closed hears closed once', async () => {
        const [listener, address] = await spawn();
        let sends = false;
        const [dialer] = await spawn({
          wake: (_, self) => {
            if (!sends || self.count('closed') > 0) return;
            self.send(out, 'anybody?');
            self.wakeAt(self.nowMs + 10);
          },
        });
        const out = dialer.dial(address);
        await bench.until(() => dialer.count('opened') === 1 && listener.count('opened') === 1);
        const incoming = listener.incoming as LinkId;
        listener.close(incoming);
        await bench.until(() => dialer.count('ended') === 1);
        await pass(dialer);
        expect(dialer.callsOf(out)).toEqual(['opened', 'ended']);
        sends = true;
        dialer.wakeAt(dialer.nowMs);
        await bench.until(() => dialer.count('closed') === 1);
        await pass(dialer);
        expect(dialer.count('closed')).toBe(1);
        expect(listener.bytesOf(incoming).length).toBe(0);
      });
    });

    describe('re-entry', () => {
      // What the witnesses saw of it is looked at after every test.
      test('no call comes in while a call of the node is under way', async () => {
        const nobody = await bench.deserted();
        const [, address] = await spawn({
          opened: (heard, self) => self.send((heard as { link: LinkId }).link, 'welcome'),
          bytes: (heard, self) => self.close((heard as { link: LinkId }).link),
        });
        const [node] = await spawn({
          start: (_, self) => {
            self.wakeAt(self.nowMs);
            self.dial(address);
            self.dial(nobody);
          },
          opened: (heard, self) => self.send((heard as { link: LinkId }).link, 'thanks'),
          failed: (_, self) => self.wakeAt(self.nowMs - 1),
          ended: (heard, self) => self.close((heard as { link: LinkId }).link),
        });
        await bench.until(() => node.count('failed') === 1 && node.count('ended') === 1);
        await bench.until(() => node.count('wake') >= 1);
      });
    });

    describe('time', () => {
      test('the monotonic clock never goes back, and the wall clock counts from the epoch', async () => {
        let wallMs = 0;
        const times: number[] = [];
        await bench.spawn((runtime) => {
          const look = () => {
            times.push(runtime.monotonicMs());
            wallMs = runtime.wallMs();
            if (times.length < 20) runtime.wakeAt(runtime.monotonicMs() + 1);
          };
          return new Witness(runtime, { start: look, wake: look });
        });
        await bench.until(() => times.length === 20);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(wallMs).toBeGreaterThan(Date.UTC(2025, 0, 1));
      });

      test('a wake comes once, and not before its time', async () => {
        const [node] = await spawn();
        const wantedMs = node.nowMs + 30;
        node.wakeAt(wantedMs);
        await bench.until(() => node.count('wake') === 1);
        expect((node.heard.at(-1) as { atMs: number }).atMs).toBeGreaterThanOrEqual(wantedMs);
        const untilMs = node.nowMs + graceMs;
        await bench.until(() => node.nowMs >= untilMs || node.count('wake') > 1);
        expect(node.count('wake')).toBe(1);
      });

      test('a later wakeAt replaces an earlier one, whichever is sooner', async () => {
        const [node] = await spawn();
        const startMs = node.nowMs;
        node.wakeAt(startMs + 10);
        node.wakeAt(startMs + 50);
        await bench.until(() => node.count('wake') === 1);
        expect(node.nowMs).toBeGreaterThanOrEqual(startMs + 50);
        node.wakeAt(node.nowMs + 3_600_000);
        node.wakeAt(node.nowMs + 5);
        await bench.until(() => node.count('wake') === 2);
        expect(node.nowMs).toBeLessThan(startMs + 3_600_000);
      });

      test('wakeAt without a time clears the wake', async () => {
        const [node] = await spawn();
        const startMs = node.nowMs;
        node.wakeAt(startMs + 10);
        node.wakeAt(undefined);
        await bench.until(() => node.nowMs >= startMs + graceMs);
        expect(node.count('wake')).toBe(0);
      });

      test('a time in the past wakes soon, and not within the call', async () => {
        const [node] = await spawn();
        node.wakeAt(node.nowMs - 1_000);
        expect(node.count('wake')).toBe(0);
        await bench.until(() => node.count('wake') === 1);
      });

      test('bytes that have arrived are heard before a wake that comes late', async () => {
        const [node, link, socket, address] = await spawnWithSocket();
        node.wakeAt(node.nowMs + 20);
        socket.send('on time');
        bench.standStill(address, 100);
        await bench.until(() => node.count('wake') === 1);
        expect(node.callsOf(link).slice(0, 2)).toEqual(['opened', 'bytes']);
        const calls = node.heard.map((heard) => heard.call);
        expect(calls.indexOf('bytes')).toBeLessThan(calls.indexOf('wake'));
        expect(node.bytesOf(link).toString()).toBe('on time');
      });
    });

    describe('listening', () => {
      test('stopListening refuses newcomers and keeps the links that stand', async () => {
        const [node, link, socket, address] = await spawnWithSocket();
        node.stopListening();
        const newcomer = bench.connect(address);
        await bench.until(() => newcomer.failed !== undefined || newcomer.closed);
        expect(newcomer.failed).toBe('refused');
        socket.send('still here');
        await bench.until(() => node.bytesOf(link).toString() === 'still here');
        node.send(link, 'good');
        await bench.until(() => socket.receivedBytes.toString() === 'good');
        expect(node.count('opened')).toBe(1);
      });
    });
  });
}
