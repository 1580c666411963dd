/** What a plan was asked for, and rests on: what is told of it is told from this. */
import type { Estimate } from '../../../estimate/estimate.js';
import type { TunableName } from '../../../ksm/records/tunable-records.js';
import type { TunableValue } from '../../../ksm/tunables.js';
import type { HostTunables } from '../../../predict/host-tunables.js';
import type { PlanGoals } from '../../../predict/plan.js';
import type { Predicted } from '../../../predict/prediction.js';
import type { Prices } from '../../../prices/prices.js';
import type { RecordingHeader } from '../../../recording/format.js';
import type { KernelChoice } from '../../kernel-choice.js';

export interface PlanBasis {
  readonly goals: PlanGoals;
  /** Bytes that --min-saving named; undefined: a share of what is in use. */
  readonly asked: number | undefined;
  readonly estimated: Estimate;
  readonly header: RecordingHeader;
  readonly kernel: KernelChoice;
  /** By the settings that are proposed. */
  readonly played: Predicted;
  /** How KSM was set on the host. */
  readonly recorded: HostTunables;
  /** Of that, what was played so as well. */
  readonly left: readonly (readonly [TunableName, TunableValue])[];
  /** Bytes of the host's memory, if the recording tells. */
  readonly memTotal: number | undefined;
  readonly availableBytes: number | undefined;
  /** What the host's own KSM saves already. */
  readonly mergedBytes: number;
  /** Bytes that processes map and KSM never merges, by what they are. */
  readonly shared: number;
  readonly hugetlb: number;
  readonly prices: Prices;
}
