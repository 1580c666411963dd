/** What is done just now, on one line of a terminal that goes again; nothing elsewhere. */
export class StepLine {
  private readonly stream = process.stderr;

  tell(step: string): void {
    if (this.stream.isTTY) this.stream.write(`\r${step} \x1b[K`);
  }

  clear(): void {
    if (this.stream.isTTY) this.stream.write('\r\x1b[K');
  }
}
