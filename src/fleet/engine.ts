/** Who runs the queries: DuckDB here, or Spark on a cluster. Both are to give the same rows. */

/** Whole numbers beyond 2^53 are text: a query casts them, so no engine's rows lose a digit. */
export type Row = Readonly<Record<string, number | string | boolean | null>>;

export interface Engine {
  /**
   * Of a query, given as statements of which the last one has the rows. What it begins with and the
   * one before did is not run again: what has been added to the fleet meanwhile may be left out.
   * EIO names what could not be read.
   */
  rows(statements: readonly string[]): Promise<Row[]>;
  /** Ends what is under way, and leaves nothing behind. Once is enough; more does no harm. */
  close(): Promise<void>;
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
