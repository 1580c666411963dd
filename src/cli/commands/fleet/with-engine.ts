/** What is asked of an engine, which leaves nothing behind, however that ends. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/**
 * Closes the engine after `work`; where a signal ends ksmd, before it does: then `ended` is
 * aborted, and `onSignal` tells what has been done until then.
 */
export async function withEngine<E extends { close(): Promise<void> }, T>(
  engine: E,
  work: (engine: E, ended: AbortSignal) => Promise<T>,
  onSignal: () => void = () => {},
): Promise<T> {
  const ending = new AbortController();
  const end = (signal: NodeJS.Signals): void => {
    ending.abort();
    for (const each of SIGNALS) process.off(each, end);
    void engine.close().finally(() => {
      onSignal();
      process.kill(process.pid, signal);
    });
  };
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    return await work(engine, ending.signal);
  } finally {
    // What was under way fails of that, which is nothing to tell of.
    if (ending.signal.aborted) await new Promise(() => {});
    for (const signal of SIGNALS) process.off(signal, end);
    await engine.close();
  }
}
