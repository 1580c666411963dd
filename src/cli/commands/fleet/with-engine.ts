/** What is asked of an engine, which leaves nothing behind, however that ends. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** Closes the engine after `work`; where a signal ends ksmd, before it does. */
export async function withEngine<E extends { close(): Promise<void> }, T>(
  engine: E,
  work: (engine: E) => Promise<T>,
): Promise<T> {
  let isEnding = false;
  const end = (signal: NodeJS.Signals): void => {
    isEnding = true;
    for (const each of SIGNALS) process.off(each, end);
    void engine.close().finally(() => process.kill(process.pid, signal));
  };
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    return await work(engine);
  } finally {
    // What was under way fails of that, which is nothing to tell of.
    if (isEnding) await new Promise(() => {});
    for (const signal of SIGNALS) process.off(signal, end);
    await engine.close();
  }
}
