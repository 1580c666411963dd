/**
 * One run of `spark-sql`, told one statement after the other as a person would: to start it takes
 * longer than most questions. What it prints is read line by line; of what it complains about only
 * the end is kept. It says of no statement whether it has worked: who asks has to see that by what
 * is printed.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { KsmdError, systemError } from '../errors.js';

/** So much of its complaints is kept. */
const MOST_COMPLAINT = 64 * 1024;

export class SparkSession {
  private readonly spark: ChildProcessWithoutNullStreams;
  /** Why it has. */
  private readonly ended: Promise<KsmdError>;
  private complaint = '';
  private asked = 0;
  private hear: (line: string) => void = () => {};

  /** `command`: the program, and its arguments. */
  constructor([program = 'spark-sql', ...args]: readonly string[], directory: string) {
    const spark = spawn(program, args, { cwd: directory, stdio: 'pipe' });
    spark.stderr.on('data', (part: Buffer) => {
      this.complaint = `${this.complaint}${part}`.slice(-MOST_COMPLAINT);
    });
    createInterface(spark.stdout).on('line', (line) => this.hear(line));
    // What it is told after its end is lost, and that is told below.
    spark.stdin.on('error', () => {});
    this.spark = spark;
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

  /** Lines that these print. EIO if Spark ends before it is through with them. */
  async ask(statements: readonly string[]): Promise<string[]> {
    const { spark } = this;
    const number = ++this.asked;
    // Put together by Spark: nothing that repeats what it is told has it.
    const over = `SELECT concat('ksmd is through with ', '${number}')`;
    const lines: string[] = [];
    const answered = new Promise<string[]>((resolve) => {
      this.hear = (line) => {
        if (line.endsWith(`ksmd is through with ${number}`)) resolve(lines);
        else lines.push(line);
      };
    });
    spark.stdin.write([...statements, over].map((statement) => `${statement};\n`).join(''));
    const answer = await Promise.race([answered, this.ended]);
    if (answer instanceof KsmdError) throw answer;
    return answer;
  }

  /** Why something that was asked did not work. Nothing can be asked any more. */
  reason(): Promise<KsmdError> {
    this.spark.stdin.end();
    return this.ended;
  }

  async close(): Promise<void> {
    this.spark.kill();
    await this.ended;
  }
}

/** Its first line that says what is wrong; else its last one. */
function reasonOf(complaint: string): string {
  const lines = complaint.split('\n').filter((line) => line.trim() !== '');
  const named = lines.find((line) =>
    /^(Error|Exception|Caused by|\[[A-Z_.]+\])|Exception:/.test(line),
  );
  return (named ?? lines.at(-1) ?? 'it has said nothing').trim();
}
