/**
 * As many rows as columns, each row with a column of its own, so that the gains of all together are
 * most: proven, by shortest augmenting paths with prices (Kuhn and Munkres, as Jonker and Volgenant
 * have it). The time is that of n³ at worst.
 */

/**
 * The column of each row.
 *
 * @param gains row after row, n × n whole numbers
 */
export function bestAssignment(gains: Int32Array, n: number): Int32Array {
  // Column n stands for the row that has none yet.
  const rowOf = new Int32Array(n + 1).fill(-1);
  const rowPrices = new Float64Array(n);
  const columnPrices = new Float64Array(n + 1);
  const least = new Float64Array(n);
  const cameFrom = new Int32Array(n);
  const isReached = new Uint8Array(n + 1);
  for (let row = 0; row < n; row++) {
    rowOf[n] = row;
    least.fill(Number.POSITIVE_INFINITY);
    isReached.fill(0);
    let column = n;
    while (rowOf[column] >= 0) {
      isReached[column] = 1;
      const from = rowOf[column];
      let next = n;
      let step = Number.POSITIVE_INFINITY;
      for (let to = 0; to < n; to++) {
        if (isReached[to] === 1) continue;
        const cost = -gains[from * n + to] - rowPrices[from] - columnPrices[to];
        if (cost < least[to]) {
          least[to] = cost;
          cameFrom[to] = column;
        }
        if (least[to] < step) {
          step = least[to];
          next = to;
        }
      }
      for (let to = 0; to <= n; to++)
        if (isReached[to] === 1) {
          rowPrices[rowOf[to]] += step;
          columnPrices[to] -= step;
        } else if (to < n) least[to] -= step;
      column = next;
    }
    while (column !== n) {
      const before = cameFrom[column];
      rowOf[column] = rowOf[before];
      column = before;
    }
  }
  const columnOf = new Int32Array(n);
  for (let column = 0; column < n; column++) columnOf[rowOf[column]] = column;
  return columnOf;
}
