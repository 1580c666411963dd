/** The numbers from 0 to `count` - 1 in an order that follows from `key` alone. */
import { mixed } from '../big-host/made-up.js';

export function shuffled(count: number, key: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, number) => number);
  for (let last = count - 1; last > 0; last--) {
    const other = mixed(key + last) % (last + 1);
    const moved = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = moved;
  }
  return order;
}
