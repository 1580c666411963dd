/** Processor time of a daemon's threads, as Linux accounts for it. */
import { readdirSync, readFileSync } from 'node:fs';

/** As nice as the scanner makes itself, and no other thread does. */
const SCANNER_NICE = 5;
/** Of the fields of /proc/PID/task/TID/stat after the name in brackets. */
const NICE_FIELD = 16;

export interface ThreadTimes {
  readonly apiMs: number;
  readonly scannerMs: number;
}

export function threadTimes(pid: number): ThreadTimes {
  const tasks = readdirSync(`/proc/${pid}/task`).map((tid) => {
    const folder = `/proc/${pid}/task/${tid}`;
    const stat = readFileSync(`${folder}/stat`, 'latin1');
    return {
      main: Number(tid) === pid,
      nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[NICE_FIELD]),
      // The first number: nanoseconds on a processor.
      ms: Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]) / 1e6,
    };
  });
  const sum = (wanted: (task: (typeof tasks)[number]) => boolean): number =>
    tasks.filter(wanted).reduce((total, { ms }) => total + ms, 0);
  return {
    apiMs: sum(({ main }) => main),
    scannerMs: sum(({ main, nice }) => !main && nice >= SCANNER_NICE),
  };
}
