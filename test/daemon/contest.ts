/** Processes that want one place at the same instant, again and again; some die of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ENVIRONMENT } from '../daemon-process.js';

const CONTENDER = fileURLToPath(new URL('contender.mjs', import.meta.url));
/** Time to be told and to get ready, before all begin. */
const HEAD_START_NS = 1_000_000n;

/** What contenders want: to listen at a path, to keep files in a directory, or to mount there. */
export type Prize = 'socket' | 'sysfs' | 'mount';

/** What befalls a contender just before so many-th call to the operating system. */
export interface Mishap {
  readonly dieAt?: number;
  readonly dawdleAt?: number;
}

export interface Outcome {
  /** Process numbers. */
  readonly winners: readonly number[];
  readonly died: number;
  /** Why the others were refused. */
  readonly refusals: readonly string[];
}

interface Word {
  readonly got?: true;
  readonly refused?: string;
}

export class Contest {
  private constructor(private readonly contenders: ChildProcess[]) {}

  static async among(count: number): Promise<Contest> {
    return new Contest(await Promise.all(Array.from({ length: count }, newContender)));
  }

  /** All try at once; the mishaps are those of the first contenders. */
  async hold(get: Prize, place: string, mishaps: readonly Mishap[] = []): Promise<Outcome> {
    const at = String(process.hrtime.bigint() + HEAD_START_NS);
    const words = await Promise.all(
      this.contenders.map((contender, i) =>
        answer(contender, { attempt: { get, place, at, ...mishaps[i] } }),
      ),
    );
    return {
      winners: this.contenders.flatMap(({ pid }, i) =>
        words[i]?.got === true && pid !== undefined ? [pid] : [],
      ),
      died: words.filter((said) => said === undefined).length,
      refusals: words.flatMap((said) => (said?.refused === undefined ? [] : [said.refused])),
    };
  }

  /** The winners give the place back. */
  async release(winners: readonly number[]): Promise<void> {
    for (const contender of this.contenders)
      if (contender.pid !== undefined && winners.includes(contender.pid))
        await answer(contender, { release: true });
  }

  /** The winners die with it. */
  async kill(winners: readonly number[]): Promise<void> {
    for (const contender of this.contenders) {
      if (contender.pid === undefined || !winners.includes(contender.pid)) continue;
      contender.kill('SIGKILL');
      await once(contender, 'exit');
    }
  }

  /** Others take the places of those that died. */
  async replaceTheDead(): Promise<void> {
    for (const [i, { signalCode }] of this.contenders.entries())
      if (signalCode !== null) this.contenders[i] = await newContender();
  }

  end(): void {
    for (const contender of this.contenders) contender.kill('SIGKILL');
  }
}

async function newContender(): Promise<ChildProcess> {
  const contender = fork(CONTENDER, { execArgv: [], env: ENVIRONMENT });
  await once(contender, 'message');
  return contender;
}

/** What the contender says to it; undefined if it dies first. */
function answer(contender: ChildProcess, message: object): Promise<Word | undefined> {
  return new Promise((resolve) => {
    const died = (): void => resolve(undefined);
    contender.once('exit', died);
    contender.once('message', (said: Word) => {
      contender.off('exit', died);
      resolve(said);
    });
    contender.send(message);
  });
}
