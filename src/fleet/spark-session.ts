/**
 * One run of `spark-sql`, told one question after the other: to start it takes longer than most of
 * them. Told on its standard input, it would write all of it into the history that its user keeps;
 * so it runs a file that waits for the next one, which does too. It ends when ksmd has, however
 * that was.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { KsmdError, systemError } from '../errors.js';

/** Of what it complains about so much is kept: its end. */
const MOST_COMPLAINT = 64 * 1024;

const WAIT = 'wait.sh';
const FIRST = 'session.sql';
const questionFile = (number: number): string => `question-${number}.sql`;

const WAITING = `# Until there is such a file, or no such process.
while ! [ -e "$1" ]; do
  kill -0 "$2" 2>/dev/null || exit 1
  sleep 0.05
done
`;

type Spark = ChildProcessByStdio<null, Readable, Readable>;

export class SparkSession {
  /** About the question that is under way. */
  private complaint = '';
  private asked = 0;
  private hear: (line: string) => void = () => {};
  /** Comes with the reason, once the program has ended. */
  private readonly ended: Promise<KsmdError>;

  private constructor(
    private readonly spark: Spark,
    program: string,
    private readonly directory: string,
  ) {
    spark.stderr.on('data', (part: Buffer) => {
      this.complaint = `${this.complaint}${part}`.slice(-MOST_COMPLAINT);
    });
    eachLine(spark.stdout, (line) => this.hear(line));
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
      spark.once('close', (status, signal) => {
        const how = signal ?? `exit status ${status}`;
        const reason = reasonIn(this.complaint) ?? `it has ended with ${how}, and said nothing`;
        resolve(new KsmdError('EIO', `Spark: ${reason}`));
      });
    });
  }

  /** `command`: the program, and arguments. `directory`: its own, for files of the session. */
  static async start(
    [program = 'spark-sql', ...args]: readonly string[],
    directory: string,
  ): Promise<SparkSession> {
    await writeFile(join(directory, WAIT), WAITING);
    await writeFile(join(directory, FIRST), untilNext(directory, 1));
    const spark = spawn(program, [...args, '-S', '-f', join(directory, FIRST)], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new SparkSession(spark, program, directory);
  }

  /**
   * One question at a time. `hear`: each line that these statements print. EIO if Spark ends before
   * it is through with them.
   */
  async ask(statements: readonly string[], hear: (line: string) => void = () => {}): Promise<void> {
    const number = this.asked + 1;
    const over = `through with question ${number}`;
    const answered = new Promise<void>((resolve, reject) => {
      this.hear = (line) => {
        try {
          if (line === over) resolve();
          else hear(line);
        } catch (error) {
          reject(error);
        }
      };
    });
    this.complaint = '';
    const told = [...statements, `SELECT '${over}'`].map((statement) => `${statement};\n`);
    const file = join(this.directory, questionFile(number));
    // Whole, or not there.
    await writeFile(`${file}.new`, `${told.join('')}${untilNext(this.directory, number + 1)}`);
    await rename(`${file}.new`, file);
    this.asked = number;
    const error = await Promise.race([answered, this.ended]);
    await rm(file, { force: true });
    if (error !== undefined) throw error;
  }

  /** Ends it; where a program of the user's starts it, once it is through with the question. */
  async close(): Promise<void> {
    try {
      await writeFile(join(this.directory, questionFile(this.asked + 1)), '');
    } finally {
      this.spark.kill();
      await this.ended;
    }
  }
}

/** What a file ends with: the next one is run as soon as it is there. */
function untilNext(directory: string, number: number): string {
  // By its whole name, as a program of the user's may go elsewhere; but Spark's shell knows no
  // quotes.
  const here = /\s/.test(directory) ? '' : `${directory}/`;
  const next = `${here}${questionFile(number)}`;
  return `!sh ${here}${WAIT} ${next} ${process.pid};\nsource ${next};\n`;
}

/** Ends of lines are those of Spark alone: there are others, which texts may have in them. */
function eachLine(stream: Readable, hear: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let begun: string[] = [];
  stream.on('data', (part: Buffer) => {
    const [first = '', ...others] = decoder.write(part).split('\n');
    begun.push(first);
    for (const next of others) {
      hear(begun.join(''));
      begun = [next];
    }
  });
}

/** What a log says by the way, and how long each statement has taken. */
const BY_THE_WAY = /^(\S+ \S+ )?(INFO|WARN) |^Time taken:/;

/** The first line that says what is wrong; else the last one. */
function reasonIn(complaint: string): string | undefined {
  const lines = complaint
    .split('\n')
    .filter((line) => line.trim() !== '' && !BY_THE_WAY.test(line));
  const named = lines.find((line) =>
    /^(Error|Exception|Caused by|\[[A-Z_.]+\])|Exception:/.test(line),
  );
  return (named ?? lines.at(-1))?.trim();
}
