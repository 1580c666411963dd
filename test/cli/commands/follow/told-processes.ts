/** Made-up processes that write, fork and end, and what a capture would tell of them. */
import { FINGERPRINT_BYTES } from '../../../../src/fingerprints/fingerprint.js';
import {
  MAPPING_ADVISED,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_SHARED,
  PAGE_ZEROES,
} from '../../../../src/recording/format.js';
import type {
  EndRecord,
  GuestFacts,
  PagesRecord,
  SweepRecord,
} from '../../../../src/recording/records.js';
import { GUEST } from '../../../recording/small-recording.js';

/** Where the one mapping of each begins, and how many pages it has. */
export const FIRST = 2 ** 20 + 100;
export const PAGES = 1500;

export type Told = Exclude<SweepRecord, EndRecord>;

export type Step =
  | { readonly do: 'start' }
  | { readonly do: 'fork' | 'end'; readonly who: number }
  | {
      readonly do: 'write' | 'drop';
      readonly who: number;
      readonly at: number;
      readonly pages: number;
      readonly content: number;
    };

interface Frame {
  readonly content: number;
}

class Process {
  /** By the number of the page in the mapping. */
  frames = new Map<number, Frame>();
  /** What was told of each page. */
  readonly told = new Map<number, string>();
  isTold = false;

  constructor(readonly id: number) {}
}

export class Processes {
  readonly all = new Map<number, Process>();
  private begun = 0;
  private gone: number[] = [];

  take(step: Step): void {
    if (step.do === 'start') {
      this.add();
      return;
    }
    const process = [...this.all.values()][step.who % Math.max(this.all.size, 1)];
    if (process === undefined) return;
    switch (step.do) {
      case 'fork':
        this.add().frames = new Map(process.frames);
        return;
      case 'end':
        this.all.delete(process.id);
        if (process.isTold) this.gone.push(process.id);
        return;
      case 'write':
        for (const page of pagesOf(step)) process.frames.set(page, { content: step.content });
        return;
      case 'drop':
        for (const page of pagesOf(step)) process.frames.delete(page);
        return;
    }
  }

  /** Of one sweep. */
  records(): Told[] {
    const told: Told[] = [];
    const owners = new Map<Frame, Process>();
    for (const process of this.all.values()) {
      const { id: guest, frames } = process;
      if (!process.isTold) told.push(...started(guest));
      process.isTold = true;
      for (let page = 0; page < PAGES; page++) {
        const frame = frames.get(page);
        const owner = frame === undefined ? process : (owners.get(frame) ?? process);
        if (frame !== undefined) owners.set(frame, owner);
        const now =
          frame === undefined
            ? undefined
            : owner === process
              ? `content ${frame.content}`
              : `shared ${owner.id}`;
        if (process.told.get(page) === now) continue;
        if (now === undefined) process.told.delete(page);
        else process.told.set(page, now);
        told.push(
          pageRecord(guest, page, frame?.content, owner === process ? undefined : owner.id),
        );
      }
    }
    for (const guest of this.gone.splice(0)) told.push({ type: 'guest-gone', guest });
    return joined(told);
  }

  private add(): Process {
    const process = new Process(++this.begun);
    this.all.set(process.id, process);
    return process;
  }
}

/** What stands for a content; all zeroes for 0. */
export function fingerprint(content: number): Buffer {
  const bytes = Buffer.alloc(FINGERPRINT_BYTES);
  bytes.writeUInt32BE(Math.imul(content, 0x9e3779b1) >>> 0);
  bytes.writeUInt32BE(content, 4);
  return bytes;
}

function* pagesOf({ at, pages }: { at: number; pages: number }): Generator<number> {
  for (let page = at; page < Math.min(at + pages, PAGES); page++) yield page;
}

export function pageRecord(
  guest: number,
  page: number,
  content: number | undefined,
  owner?: number,
): PagesRecord {
  const run = { type: 'pages', guest, page: FIRST + page, pages: 1 } as const;
  if (owner !== undefined) return { ...run, state: PAGE_SHARED, owner };
  if (content === undefined) return { ...run, state: PAGE_ABSENT };
  if (content === 0) return { ...run, state: PAGE_ZEROES };
  return { ...run, state: PAGE_CONTENT, fingerprints: fingerprint(content) };
}

/** Pages in a row that are alike become runs, as a capture tells them. */
export function joined(records: readonly Told[]): Told[] {
  const all: Told[] = [];
  for (const record of records) {
    const last = all.at(-1);
    const goesOn =
      record.type === 'pages' &&
      last?.type === 'pages' &&
      last.guest === record.guest &&
      last.page + last.pages === record.page &&
      last.state === record.state &&
      last.owner === record.owner;
    if (!goesOn) all.push(record);
    else
      all.splice(-1, 1, {
        ...last,
        pages: last.pages + record.pages,
        ...(last.fingerprints === undefined || record.fingerprints === undefined
          ? {}
          : { fingerprints: Buffer.concat([last.fingerprints, record.fingerprints]) }),
      });
  }
  return all;
}

/** A guest that comes, with its one mapping. */
export function started(
  id: number,
  facts: Partial<GuestFacts> = {},
  flags = MAPPING_ADVISED,
): Told[] {
  return [
    { ...GUEST, name: `p-${id}`, pid: id, ...facts, guest: id },
    mapping(id, FIRST, PAGES, flags),
  ];
}

export function mapping(id: number, page: number, pages: number, flags = MAPPING_ADVISED): Told {
  return { type: 'mapping', guest: id, page, pages, flags, node: undefined, label: '' };
}

/** Pages in a row, with contents in a row. */
export function written(id: number, at: number, pages: number, content: number, marks = 0): Told[] {
  return joined(
    Array.from({ length: pages }, (_, index) => {
      const record = pageRecord(id, at + index, content + index);
      return { ...record, state: record.state | marks };
    }),
  );
}
