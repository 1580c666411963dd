/** What a program has to do, and with what. */
export interface Work {
  /** Whether KSM is to look at their memory. */
  readonly merges: boolean;
  /** Each process, in a second. */
  readonly writes: number;
  /** Where they may leave files. */
  readonly folder: string;
  /** Of a program's processes, which one it is. */
  readonly copy: number;
}
