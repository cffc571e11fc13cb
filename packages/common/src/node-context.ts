/** What the parts of one node have in common; made once by the node and never changed. */
import type { Address } from './address.js';
import type { Alarms } from './alarms.js';
import type { BoundedLog } from './bounded-log.js';
import type { Limits } from './limits.js';
import type { Links } from './links.js';
import type { Random } from './random.js';
import type { Runtime } from './runtime.js';

/** The world, the bounds and the name of one node. */
export interface NodeContext {
  readonly runtime: Runtime;
  readonly alarms: Alarms;
  readonly links: Links;
  readonly log: BoundedLog;
  readonly random: Random;
  readonly limits: Limits;
  /** The address under which the others know this node. */
  readonly self: Address;
}
