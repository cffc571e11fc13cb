/**
 * What one seed has listed. A Hearsay seed sends a whole list each time it is asked; a classic one
 * sends one list, perhaps in pieces. Of either so much is taken as a list may hold.
 */
import { formatAddress, type NodeId } from '@hearsay/common/address';
import { decodePeerList } from '@hearsay/common/wire/codec';
import type { PeerContext } from './context.js';
import { ListLog } from './list-log.js';

/** The list of one seed. */
export class SeedList {
  /**
   * In the seed's order, without doubles and this peer; the same array as long as the seed says the
   * same.
   */
  ids: readonly NodeId[] = [];
  /** Just as it came, and in which text if it was one. */
  private received: readonly NodeId[] = [];
  private text: string | undefined;
  private begunAtMs = 0;
  private pieces = 0;
  private readonly log: ListLog;

  constructor(
    private readonly context: PeerContext,
    private readonly seed: NodeId,
  ) {
    this.log = new ListLog(context, (peers) => ({ event: 'list', peers, from: seed }));
  }

  /** Takes a whole list. False if the text is none. */
  take(text: string): boolean {
    const { runtime, limits } = this.context;
    this.begunAtMs = runtime.monotonicMs();
    this.pieces = 1;
    if (text === this.text) return true;
    const ids = this.idsIn(text, limits.peersMax);
    if (ids === undefined) return false;
    this.text = text;
    this.hold(ids);
    return true;
  }

  /** Takes a further piece, which may begin anywhere. False if the text is none. */
  extend(text: string): boolean {
    const room = this.context.limits.peersMax - this.received.length;
    const ids = this.idsIn(listBeginning(text) ?? '', room);
    if (ids === undefined) return false;
    this.pieces += 1;
    this.text = undefined;
    this.hold([...this.received, ...ids]);
    return true;
  }

  /** Whether a piece that comes now may belong to the list. */
  get isExtensible(): boolean {
    const { runtime, limits } = this.context;
    return (
      this.pieces < limits.classicPiecesMax &&
      this.received.length < limits.peersMax &&
      runtime.monotonicMs() < this.begunAtMs + limits.classicListMs
    );
  }

  /** Writes the list into the log (A4), the first of a registration in any case. */
  write(isFirst: boolean): void {
    if (isFirst) this.log.write(this.received);
    else this.log.update(this.received);
  }

  /** Writes now what waits to be written. */
  flush(): void {
    this.log.flush();
  }

  private hold(received: readonly NodeId[]): void {
    this.received = received;
    const ids = new Set(received);
    ids.delete(this.context.selfId);
    this.ids = [...ids];
  }

  /** The first so many addresses in a list; undefined if it is none. */
  private idsIn(text: string, idsMax: number): readonly NodeId[] | undefined {
    const beginning = firstItems(text, idsMax);
    const list = decodePeerList(beginning);
    if (!list.ok) return undefined;
    const rest = text.slice(beginning.length);
    if (/[^,]/.test(rest)) {
      const bytes = Buffer.byteLength(rest);
      this.context.log.drop('more peers than are taken', bytes, rest, this.seed);
    }
    return list.value.peers.map(formatAddress);
  }
}

/** Whether a text looks like a list or the rest of one; it is not read to the end for that. */
export function looksLikeList(text: string): boolean {
  return listBeginning(text) !== undefined;
}

/** A text from its first whole address on; undefined if a list begins neither there nor here. */
function listBeginning(text: string): string | undefined {
  const rest = text.slice(text.indexOf(',') + 1);
  return [text, rest].find((list) => decodePeerList(firstItems(list, 1)).ok);
}

/** So many items of a list as they stand; the text itself if it has no more. */
function firstItems(text: string, count: number): string {
  let end = -1;
  for (let n = 0; n < count; n += 1) {
    end = text.indexOf(',', end + 1);
    if (end < 0) return text;
  }
  return text.slice(0, end);
}
