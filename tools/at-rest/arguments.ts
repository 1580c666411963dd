/** Arguments that make no sense, as commander has it. */
import { InvalidArgumentError } from 'commander';

export function invalid(what: string): never {
  throw new InvalidArgumentError(what);
}
