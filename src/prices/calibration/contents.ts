/** What pages of a specimen hold, as numbers that nobody else has. */
import { randomBytes } from 'node:crypto';
import { NUMBER_BYTES, type Specimen } from './specimen.js';

export function newNumber(): Buffer {
  return randomBytes(NUMBER_BYTES);
}

/** No two pages are equal. */
export function fillApart(specimen: Specimen): void {
  for (let page = 0; page < specimen.pages; page++) specimen.write(page, newNumber());
}

/** Of the first so many, each of one half is equal to one of the other. */
export function fillPairs(specimen: Specimen, pages: number): void {
  for (let page = 0; page < pages / 2; page++) {
    const number = newNumber();
    specimen.write(page, number);
    specimen.write(page + pages / 2, number);
  }
}
