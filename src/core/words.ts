/**
 * Words of the shared memory as the core reads and writes them: a pointer is the word index of a
 * structure, `at(pointer + FIELD)` its field.
 *
 * Two kinds of access. `at` and `put` are plain, for words that have one owner at a time (layout.ts
 * says which), and where what is read is validated by an atomic access that follows. The others are
 * atomic and in one order for all threads, for words that other threads change meanwhile. Nothing
 * else in the core touches a word, but for the few that are a thread's own (load-few.ts), so a core
 * built with another file in this one's place sees every step (test/machine/mortal-core.ts).
 */

export function at(word: u32): u32 {
  return load<u32>((<usize>word) << 2);
}

export function put(word: u32, value: u32): void {
  store<u32>((<usize>word) << 2, value);
}

/** What a word holds that other threads change. */
export function shared(word: u32): u32 {
  return atomic.load<u32>((<usize>word) << 2);
}

export function share(word: u32, value: u32): void {
  atomic.store<u32>((<usize>word) << 2, value);
}

/** Replaces `expected` by `value`. What was there: `expected` if it was replaced. */
export function exchange(word: u32, expected: u32, value: u32): u32 {
  return atomic.cmpxchg<u32>((<usize>word) << 2, expected, value);
}

/** Adds, also a negative number. What was there. */
export function addShared(word: u32, by: i32): u32 {
  return atomic.add<u32>((<usize>word) << 2, by);
}

/** Sets bits. */
export function setBits(word: u32, bits: u32): void {
  atomic.or<u32>((<usize>word) << 2, bits);
}

/** Clears bits. What was there. */
export function clearBits(word: u32, bits: u32): u32 {
  return atomic.and<u32>((<usize>word) << 2, ~bits);
}

/** Wakes whoever sleeps on the word. */
export function wake(word: u32): void {
  atomic.notify((<usize>word) << 2, -1);
}

/** Adds to a word that the scanner alone changes. */
export function change(word: u32, by: i32): void {
  put(word, at(word) + by);
}

/** Adds to a counter of two words, low word first. Its one writer calls this. */
export function count(counter: u32, by: u32): void {
  const before = at(counter);
  put(counter, before + by);
  if (before + by < before) put(counter + 1, at(counter + 1) + 1);
}
