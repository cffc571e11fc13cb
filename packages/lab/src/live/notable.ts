/**
 * The events that a person who watches wants to be told, each as a short sentence. Gossip is not
 * among them: it is counted. Of a fact that both ends write down, one end tells.
 */
import type { LogEntry } from '@hearsay/common/log-line';
import { counted } from './counted.js';

/** Something that happened. `bad`: somebody is missing; `good`: something has come about. */
export interface Notable {
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
  readonly mood: 'good' | 'bad' | 'plain';
  readonly text: string;
}

/** The sentence for a log entry, if it is worth one. */
export function notableOf({ role, address, record, wallMs }: LogEntry): Notable | undefined {
  const tell = (mood: Notable['mood'], text: string): Notable => ({ wallMs, mood, text });
  const node = `${role} ${address}`;
  switch (record.event) {
    case 'seed-started':
    case 'peer-started':
      return tell('plain', `${node} listens (process ${record.process})`);
    case 'listed':
      return tell('good', `${node} lists ${record.peer}`);
    case 'majority-reached': {
      const seeds = counted(record.registered, 'seed');
      return tell('good', `${node} is registered with ${seeds} (needs ${record.needed})`);
    }
    case 'majority-lacking': {
      const seeds = `${record.registered} of ${counted(record.needed, 'seed')}`;
      return tell('bad', `${node} is registered with only ${seeds}`);
    }
    case 'seed-lost':
      return tell('bad', `${node} lost seed ${record.seed} (${record.reason})`);
    case 'neighbor':
      // Both ends write it; the one that dialed tells.
      return record.dialedBy === 'us'
        ? tell('good', `${node} has the neighbor ${record.neighbor}`)
        : undefined;
    case 'neighbor-lost':
      return tell('bad', `${node} lost its neighbor ${record.neighbor} (${record.reason})`);
    case 'strike':
      return tell(
        'bad',
        `${node} had no answer from ${record.neighbor} (strike ${record.strikes})`,
      );
    case 'dead-reported':
      return role === 'peer'
        ? tell('bad', `${node} reports ${record.peer} dead to ${(record.seeds ?? []).join(' ')}`)
        : undefined;
    case 'removed':
      return tell('bad', `${node} removed ${record.peer} (${record.reason})`);
    case 'report-refused':
      // Every neighbor of a dead peer reports it; all but the first come after its removal.
      return record.reason === 'not on the list' || record.reason === 'already removed'
        ? undefined
        : tell('bad', `${node} refused a report on ${record.peer} (${record.reason})`);
    case 'woke-late':
      return tell('plain', `${node} stood still for ${(record.lateMs / 1_000).toFixed(1)} s`);
    case 'left':
      return tell('plain', `${node} took its leave`);
    case 'evicted':
      return tell('bad', `${node} reached ${record.bound} and let go of ${record.from}`);
    default:
      return undefined;
  }
}
