/** What the parts of one seed have in common; made once by {@link Seed} and never changed. */
import type { Address } from '@hearsay/common/address';
import type { Alarms } from '@hearsay/common/alarms';
import type { DropLog } from '@hearsay/common/drop-log';
import type { Limits } from '@hearsay/common/limits';
import type { Links } from '@hearsay/common/links';
import type { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';

export interface SeedContext {
  readonly runtime: Runtime;
  readonly alarms: Alarms;
  readonly links: Links;
  readonly drops: DropLog;
  readonly random: Random;
  readonly limits: Limits;
  /** The address under which the others know this seed. */
  readonly self: Address;
}
