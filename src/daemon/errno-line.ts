/**
 * How the daemon names a failure of the operating system: the errno name first, as in every line
 * that ksmd fails with, then what could not be done.
 */
export function errnoLine(error: unknown, what: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // Node's own message begins with the name already, or says no more than the name and the call.
  const detail = code === undefined ? String(message ?? error) : message.replace(`${code}: `, '');
  return `${code ?? 'EIO'}: ${what}: ${detail}`;
}
