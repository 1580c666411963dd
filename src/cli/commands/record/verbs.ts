/** Verbs that keep what there is in a file. */
import { Argument } from 'commander';
import { verb } from '../../verb.js';

export const snapshot = verb({
  name: 'snapshot',
  summary: 'write an image of all guests and tunables while they run',
  arguments: [
    new Argument('<file>', 'an older file of that name is replaced once the new one is whole'),
  ],
  examples: ['ksmd snapshot host.snap && ksmd start --restore host.snap'],
  load: () => import('./snapshot.js'),
});
