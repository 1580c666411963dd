/** Apache Spark, as PyPI has it: found where it was installed before, or installed. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const FOLDER = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ksmd-spark');

export interface Spark {
  readonly home: string;
  /** What its programs are run with. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Undefined if it has not been installed. */
export function installedSpark(): Spark | undefined {
  const python = join(FOLDER, 'bin', 'python3');
  if (!existsSync(python) || whyNoSpark() !== undefined) return undefined;
  const found = spawnSync(python, ['-c', 'import pyspark; print(pyspark.__path__[0])'], {
    encoding: 'utf8',
  });
  if (found.status !== 0) return undefined;
  const home = found.stdout.trim();
  const environment = {
    ...process.env,
    SPARK_HOME: home,
    SPARK_LOCAL_IP: '127.0.0.1',
    PATH: [join(home, 'bin'), process.env.PATH].join(delimiter),
  };
  return { home, environment };
}

/** What it needs and is not here, if anything. */
export function whyNoSpark(): string | undefined {
  const missing = ['java', 'python3'].find(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0,
  );
  return missing === undefined ? undefined : `there is no ${missing} here`;
}

/** Some 500 MiB, from PyPI. */
export function installSpark(): Spark {
  for (const [program, ...args] of [
    ['python3', '-m', 'venv', FOLDER],
    [join(FOLDER, 'bin', 'pip'), 'install', '--quiet', 'pyspark'],
  ] as const)
    if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0)
      throw new Error(`${program} ${args.join(' ')} has failed`);
  const spark = installedSpark();
  if (spark === undefined) throw new Error(`there is no Spark in ${FOLDER}`);
  return spark;
}
