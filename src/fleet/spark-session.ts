/**
 * One run of `spark-sql`, told one question after the other: to start it takes longer than most of
 * them. Told on its standard input, it would write all of it into the history that its user keeps;
 * so it runs a file that waits for the next one, which does too. It ends when ksmd has, however
 * that was.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { KsmdError, systemError } from '../errors.js';

/** Of what it complains about so much is kept: its end. */
const MOST_COMPLAINT = 64 * 1024;

/** Names are of the directory that it runs in: in what it starts it knows no quotes. */
const WAIT = 'wait.sh';
const FIRST = 'session.sql';
const nextFile = (number: number): string => `question-${number}.sql`;

const WAITING = `# Until there is such a file, or no such process.
while ! [ -e "$1" ]; do
  kill -0 "$2" 2>/dev/null || exit 1
  sleep 0.02
done
`;

type Spark = ChildProcessByStdio<null, Readable, Readable>;

export class SparkSession {
  private complaint = '';
  private asked = 0;
  private hear: (line: string) => void = () => {};
  /** Why it has. */
  private readonly ended: Promise<KsmdError>;

  private constructor(
    private readonly spark: Spark,
    program: string,
    private readonly directory: string,
  ) {
    spark.stderr.on('data', (part: Buffer) => {
      this.complaint = `${this.complaint}${part}`.slice(-MOST_COMPLAINT);
    });
    createInterface(spark.stdout).on('line', (line) => this.hear(line));
    this.ended = new Promise((resolve) => {
      spark.once('error', (error: NodeJS.ErrnoException) =>
        resolve(
          error.code === 'ENOENT'
            ? new KsmdError(
                'ENOENT',
                `'${program}' is not here: name Spark's with --spark-sql, or leave --engine out`,
              )
            : systemError(error, `cannot run ${program}`),
        ),
      );
      spark.once('close', () =>
        resolve(new KsmdError('EIO', `Spark: ${reasonOf(this.complaint)}`)),
      );
    });
  }

  /** `command`: the program, and arguments. `directory`: its own, for files of the session. */
  static async start(
    [program = 'spark-sql', ...args]: readonly string[],
    directory: string,
  ): Promise<SparkSession> {
    await writeFile(join(directory, WAIT), WAITING);
    await writeFile(join(directory, FIRST), untilNext(1));
    const spark = spawn(program, [...args, '-S', '-f', join(directory, FIRST)], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new SparkSession(spark, program, directory);
  }

  /** `hear`: each line that these print. EIO if Spark ends before it is through with them. */
  async ask(statements: readonly string[], hear: (line: string) => void = () => {}): Promise<void> {
    const number = ++this.asked;
    const over = `through with question ${number}`;
    const answered = new Promise<void>((resolve) => {
      this.hear = (line) => (line === over ? resolve() : hear(line));
    });
    const told = [...statements, `SELECT '${over}'`].map((statement) => `${statement};\n`);
    const file = join(this.directory, nextFile(number));
    // Whole, or not there.
    await writeFile(`${file}.new`, `${told.join('')}${untilNext(number + 1)}`);
    await rename(`${file}.new`, file);
    const error = await Promise.race([answered, this.ended]);
    await rm(file, { force: true });
    if (error !== undefined) throw error;
  }

  /** Ends what is under way; and Spark as well where a program of the user's starts it. */
  async close(): Promise<void> {
    await writeFile(join(this.directory, nextFile(this.asked + 1)), '');
    this.spark.kill();
    await this.ended;
  }
}

/** What a file ends with: the next one is run as soon as it is there. */
function untilNext(number: number): string {
  return `!sh ${WAIT} ${nextFile(number)} ${process.pid};\nsource ${nextFile(number)};\n`;
}

/** Its first line that says what is wrong; else its last one. */
function reasonOf(complaint: string): string {
  const lines = complaint.split('\n').filter((line) => line.trim() !== '');
  const named = lines.find((line) =>
    /^(Error|Exception|Caused by|\[[A-Z_.]+\])|Exception:/.test(line),
  );
  return (named ?? lines.at(-1) ?? 'it has said nothing').trim();
}
