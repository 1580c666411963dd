/**
 * Words of the shared memory as the core reads and writes them: a pointer is the word index of a
 * structure, `load(pointer + FIELD)` its field.
 *
 * Two kinds of access. `load` and `store` are plain: for words that have one owner at a time
 * (layout.ts says which), and where an atomic access that follows validates what was read. The
 * atomic ones are in one order for all threads: for words that other threads change meanwhile.
 * Nothing else in the core touches a word (bytes of frames: memory/bytes.ts). So a core built with
 * another file in this one's place sees every step (test/machine/mortal-core.ts).
 */

function loadWord(word: u32): u32 {
  return load<u32>((<usize>word) << 2);
}

function storeWord(word: u32, value: u32): void {
  store<u32>((<usize>word) << 2, value);
}

// By names that hide the language's own, which this file needs.
export { loadWord as load, storeWord as store };

export function atomicLoad(word: u32): u32 {
  return atomic.load<u32>((<usize>word) << 2);
}

export function atomicStore(word: u32, value: u32): void {
  atomic.store<u32>((<usize>word) << 2, value);
}

/** Replaces `expected` by `value`. What was there: `expected` if it was replaced. */
export function compareExchange(word: u32, expected: u32, value: u32): u32 {
  return atomic.cmpxchg<u32>((<usize>word) << 2, expected, value);
}

/** Adds, also a negative number. What was there. */
export function atomicAdd(word: u32, by: i32): u32 {
  return atomic.add<u32>((<usize>word) << 2, by);
}

/** Sets bits. */
export function atomicOr(word: u32, bits: u32): void {
  atomic.or<u32>((<usize>word) << 2, bits);
}

/** Clears bits. What was there. */
export function atomicAndNot(word: u32, bits: u32): u32 {
  return atomic.and<u32>((<usize>word) << 2, ~bits);
}

/** Wakes whoever sleeps on the word. */
export function notify(word: u32): void {
  atomic.notify((<usize>word) << 2, -1);
}

/** Adds to a word that the scanner alone changes. */
export function add(word: u32, by: i32): void {
  storeWord(word, loadWord(word) + by);
}

/** Adds to a counter of two words, low word first. Its one writer calls this. */
export function addWide(counter: u32, by: u32): void {
  const before = loadWord(counter);
  storeWord(counter, before + by);
  if (before + by < before) storeWord(counter + 1, loadWord(counter + 1) + 1);
}
