/**
 * What is told of one page: why it is merged or not, and what a visit of the scanner would find.
 * Only types; nothing here knows how a machine is made. How it is found out: explain.ts.
 */
import type { PageState } from '../names.js';

/** A page by the names its guest knows. */
export interface PageName {
  readonly guest: string;
  readonly region: string;
  /** Bytes. */
  readonly address: number;
}

/** The huge page that a page's frame is a part of. */
export interface HugePagePart {
  /** The guest maps it as one; otherwise page by page, since it or its kin wrote or gave back. */
  readonly isWhole: boolean;
  /** Other guests that map a part of it. */
  readonly otherGuests: number;
  /** Pages of it, of all these guests, that hold nothing but zeroes. */
  readonly zeroPages: number;
}

export interface PageExplanation {
  readonly page: PageName;
  readonly state: PageState;
  readonly mergeable: boolean;
  /** It has a frame, with nothing but zeroes in it. */
  readonly zeroes: boolean;
  /** XXH64 of what it holds, the low 32 bits; undefined if it has no frame. */
  readonly checksum: number | undefined;
  /** Its frame and how often that is mapped; undefined if it has none. */
  readonly frame: { readonly number: number; readonly mappings: number } | undefined;
  /** Undefined if it is part of none. */
  readonly hugePage: HugePagePart | undefined;
  /** Pages of other guests that map its frame too, since one was forked from the other. */
  readonly forkSharers: number;
  /** Visits it was due since the scanner knows it, up to 255: what smart scan goes by. */
  readonly age: number;
  /** How many of its last visits in a row have found it changed. */
  readonly changes: number;
  /** Full scans that smart scan will leave it out of. */
  readonly skips: number;
  /** The scanner has seen it, and it was written after that. */
  readonly written: boolean;
  /** The KSM pages of its content: how many, and how many ptes map them. */
  readonly ksmPages: number;
  readonly ksmMappings: number;
  /** How many other pages with its content the scanner knows of. */
  readonly twinCount: number;
  /** The first of these: they map its KSM page, or are the one of the unstable tree. */
  readonly twins: readonly PageName[];
}
