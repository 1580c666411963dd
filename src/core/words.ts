/**
 * Words of the shared memory as the core reads them: a pointer is the word index of a structure, `at(pointer + FIELD)` its field.
 * Plain accesses: every word read through here has one owner at a time (layout.ts says which); pte states and the free map use `atomic`.
 */

export function at(word: u32): u32 {
  return load<u32>((<usize>word) << 2);
}

export function put(word: u32, value: u32): void {
  store<u32>((<usize>word) << 2, value);
}
