/** The service that `npm run units` has a systemd run, and what its trial says if all is well. */

export const UNIT = 'memory.service';
/** What it has advised, in each of its processes. */
export const PAGES = 2560;
/** A file that has the numbers of its processes. */
export const SAID = '/run/memory';
export const RIGHT = 'right';
