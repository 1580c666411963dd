/** Whether anybody listens on a Unix socket. */
import { createConnection } from 'node:net';

/**
 * A connection that is refused means nobody; one that fails otherwise may be somebody. Who has died
 * refuses, and so does who has not listened yet.
 */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
