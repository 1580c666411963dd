/** `ksmd unregister`: a guest exits, and its memory is given back. */
import { Argument } from 'commander';
import { verb } from '../../verb.js';

export const unregister = verb<[string], object>({
  name: 'unregister',
  summary: 'remove a guest and all its memory',
  arguments: [new Argument('<guest>')],
  examples: ['ksmd unregister web'],
  hints: { ENOENT: "'ksmd guests' lists them" },
  run: async ({ client }, [guest]) => {
    await client.removeGuest(guest);
    return undefined;
  },
});
