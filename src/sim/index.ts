/** What programs that simulate without a daemon import: `ksmd/sim`. */
export { isKsmdError, KsmdError } from '../errors.js';
export type { PageExplanation, PageName } from '../inspect/page-explanation.js';
export { type Clock, ManualClock } from '../ksm/clock.js';
export type { ProfileName } from '../ksm/kernels.js';
export type { CounterName, GuestCounterName } from '../ksm/records/counter-records.js';
export type { TunableName } from '../ksm/records/tunable-records.js';
export type { Advice, PageState } from '../names.js';
export {
  type AdvisedPages,
  type Region,
  type RegionRequest,
  type Resident,
  Simulation,
  type SimulationOptions,
} from './simulation.js';
