/** JSON that is almost what it was: one value, one field or one place changed, anywhere in it. */

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What JSON.stringify cannot write: put into the text in the place of a word. */
const RAW: Readonly<Record<string, string>> = {
  '@infinity@': '1e999',
  '@minus-infinity@': '-1e999',
  '@deep@': `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  '@proto@': '{"__proto__":{"name":"a"},"constructor":1}',
  '@twice@': '{"name":"a","name":"b"}',
};

const NUMBERS = [
  ...[0, -0, 1, -1, 0.5, 2, 3, 7, 8, 15, 16, 17, 63, 64, 65, 128, 255, 256, 4095, 4096, 4097],
  ...[65_535, 65_536, 65_537, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40],
  ...[2 ** 47 - 4096, 2 ** 47, 2 ** 53 - 1, 2 ** 53, 1e300, -1e300, -(2 ** 31), 5e-324],
];

const TEXTS = [
  ...['', '.', '..', 'a', 'b', 'r', 'a b', '-', '__proto__', 'constructor', 'toString', 'length'],
  ...['\x1b]0;owned\x07', '\x9b2J', '\u202e', 'a\nb', '\0', '\ud800', '<script>', '../../etc'],
  ...['n'.repeat(64), 'n'.repeat(65), 'x'.repeat(100_000), '0', '1', '2', '-1', '1e3', '0x1000'],
  ...['0xffffffffffff', '6.18', '6.1', '2.6.32', '9.9', 'none', 'scan-time', 'run', 'mergeable'],
  ...['guest', 'region', 'scan', 'set', 'exit', 'unmap', 'madvise', 'fill', 'store', 'dontneed'],
  ...['fork', 'collapse', 'khugepaged', 'r@b', 'hs', 'sh', '.h', 'stretches', 'kin', 'marked'],
  ...Object.keys(RAW),
];

const CHANGES: readonly ((place: Place, random: Random) => void)[] = [
  ({ holder, key }, random) => write(holder, key, picked(NUMBERS, random)),
  ({ holder, key }, random) => write(holder, key, picked(TEXTS, random)),
  ({ holder, key }, random) => write(holder, key, picked([null, true, false, [], {}], random)),
  ({ holder, key }, random) => {
    const value = read(holder, key);
    if (typeof value === 'number')
      write(holder, key, picked([value + 1, value - 1, value * 2, -value, value / 3], random));
  },
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  ({ holder, key }) => {
    const copy = structuredClone(read(holder, key));
    if (Array.isArray(holder)) holder.splice(Number(key), 0, copy);
    else holder[`${key}2`] = copy;
  },
  ({ holder, key }, random) => {
    if (Array.isArray(holder)) return;
    const value = read(holder, key);
    delete holder[key];
    write(holder, picked(TEXTS, random), value);
  },
  ({ holder, key, others }, random) => {
    const other = picked(others, random);
    const value = structuredClone(read(other.holder, other.key));
    write(other.holder, other.key, structuredClone(read(holder, key)));
    write(holder, key, value);
  },
];

type Holder = Json[] | { [name: string]: Json };

interface Place {
  readonly holder: Holder;
  readonly key: string;
  readonly others: readonly Place[];
}

/** The same text but for a few changes. */
export function mutatedJson(text: string, random: Random): string {
  const root: Json[] = [JSON.parse(text)];
  for (let left = 1 + random(2); left > 0; left--) {
    const places = placesIn(root);
    if (places.length === 0) break;
    // At the root there is but one: most changes are to be further down.
    const place = picked(places.length > 1 ? places.slice(1) : places, random);
    picked(CHANGES, random)(place, random);
  }
  return JSON.stringify(root[0] ?? null).replace(/"(@[a-z-]+@)"/g, (word, raw: string) =>
    Object.hasOwn(RAW, raw) ? (RAW[raw] ?? word) : word,
  );
}

/** One of them; there is one at least. */
export function picked<Item>(items: readonly Item[], random: Random): Item {
  return items[random(items.length)] as Item;
}

/** Every value there is, from the outside in. */
function placesIn(root: Holder): Place[] {
  const places: Place[] = [];
  const add = (holder: Holder): void => {
    for (const key of Object.keys(holder)) {
      places.push({ holder, key, others: places });
      const value = read(holder, key);
      if (typeof value === 'object' && value !== null) add(value);
    }
  };
  add(root);
  return places;
}

function read(holder: Holder, key: string): Json {
  return (holder as { [name: string]: Json })[key] ?? null;
}

/** As the value's own, also where every object has something of the name. */
function write(holder: Holder, key: string, value: Json): void {
  Object.defineProperty(holder, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
