/** What the log and the events tell of threads: those that come, end, die, or wait for a frame. */
import type { Logger } from 'pino';
import type { EventFeed } from '../feeds/event-feed.js';
import type { GuestThreadListener } from './guest-threads.js';
import type { Scanner } from './scanner.js';

export function tellOfScanner(scanner: Scanner, logger: Logger, events: EventFeed): void {
  scanner.on('died', (reason) => {
    logger.error({ reason }, 'the scanner died: another takes over');
    events.warn('the scanner died: another takes over');
  });
  scanner.on('restarted', (afterMs) =>
    logger.warn({ afterMs: Math.round(afterMs) }, 'the scanner is back'),
  );
}

export function tellingOfGuestThreads(logger: Logger, events: EventFeed): GuestThreadListener {
  return {
    started: ({ id, workload, guest, region }) =>
      logger.info({ id, workload, guest, region }, 'a workload starts'),
    ended: ({ id, workload, guest, region, state, tally: { stores, wrong, foreign } }) =>
      logger.info(
        { id, workload, guest, region, state, stores, wrong, foreign },
        'a workload has ended',
      ),
    died: ({ workload, guest, reason }) => {
      logger.error({ workload, guest, reason }, 'a guest thread died');
      events.warn(`workload ${workload} of guest '${guest}' died`);
    },
    waits: ({ workload, guest }) => {
      logger.warn({ workload, guest }, 'a store finds no free frame and waits for one');
      events.warn(`a store of workload ${workload} in guest '${guest}' waits for a free frame`);
    },
  };
}
