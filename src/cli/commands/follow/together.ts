/** Several requests at a time: each takes a while to go there and back. */

const AT_A_TIME = 4;

/**
 * Until all are done. The first that fails ends it, as does the signal, with its reason; then
 * nothing is under way any more.
 */
export async function together<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const goOn = async (): Promise<void> => {
    for (;;) {
      if (failure !== undefined) return;
      const { done, value } = waiting.next();
      if (done === true) return;
      try {
        signal?.throwIfAborted();
        await work(value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, goOn));
  if (failure !== undefined) throw failure.error;
}
