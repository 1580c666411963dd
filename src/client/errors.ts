/** What a client's call can come to, one class a condition. Each `code` is an errno name. */

export abstract class ClientError extends Error {
  abstract readonly code: string;
}

/** The daemon refused: its own code and message. */
export class RefusedError extends ClientError {
  override readonly name = 'RefusedError';
  constructor(
    readonly code: string,
    message: string,
    /** Bytes of a failed upload that were stored. */
    readonly bytesStored?: number,
  ) {
    super(message);
  }
}

/** Nobody listens on the socket. */
export class NoDaemonError extends ClientError {
  override readonly name = 'NoDaemonError';
  constructor(
    readonly code: string,
    readonly socketPath: string,
  ) {
    super(
      code === 'EACCES'
        ? `the socket ${socketPath} belongs to another user`
        : `no daemon listens on ${socketPath}`,
    );
  }
}

/** The socket's path is none to meet a daemon at. */
export class UnusableSocketError extends ClientError {
  override readonly name = 'UnusableSocketError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The connection broke before the answer was whole. */
export class BrokenConnectionError extends ClientError {
  override readonly name = 'BrokenConnectionError';
  readonly code = 'ECONNRESET';
}

/** The body to upload ended before its announced length. */
export class ShortSourceError extends ClientError {
  override readonly name = 'ShortSourceError';
  readonly code = 'EIO';
}
