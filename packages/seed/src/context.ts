/** What the parts of one seed have in common; made once by {@link Seed} and never changed. */
import type { Address } from '@hearsay/common/address';
import type { Alarms } from '@hearsay/common/alarms';
import type { BoundedLog } from '@hearsay/common/bounded-log';
import type { Limits } from '@hearsay/common/limits';
import type { Links } from '@hearsay/common/links';
import type { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';

/** The seed's runtime, what it keeps of the world, and its bounds. */
export interface SeedContext {
  readonly runtime: Runtime;
  readonly alarms: Alarms;
  readonly links: Links;
  readonly log: BoundedLog;
  readonly random: Random;
  readonly limits: Limits;
  /** The address under which the others know this seed. */
  readonly self: Address;
}
