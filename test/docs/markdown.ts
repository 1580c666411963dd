/**
 * What the tests of the documentation read of a Markdown file: fenced blocks, headings as GitHub
 * names them, links, code spans, tables.
 *
 * Understands the Markdown that is written here, not all there is: no indented code, no reference
 * links.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

/** What newcomers are told to walk; every other file of Markdown is for those who change ksmd. */
export const WALKED = ['README.md', ...docs()];
export const DOCUMENTS = [
  ...WALKED,
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
];

export interface Block {
  readonly language: string;
  /** NAME=VALUE after the language. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Of its first line, from 1 on. */
  readonly line: number;
  readonly lines: readonly string[];
}

export interface Document {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The text without its fenced blocks. */
  readonly prose: string;
  /** What a link may name after `#`. */
  readonly anchors: readonly string[];
  /** Targets of links and images. */
  readonly links: readonly string[];
}

function docs(): string[] {
  return readdirSync(`${CHECKOUT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort();
}

export function readDocument(path: string): Document {
  return parse(path, readFileSync(CHECKOUT + path, 'utf8'));
}

export function parse(path: string, text: string): Document {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open:
    | { language: string; attributes: Map<string, string>; line: number; lines: string[] }
    | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (open !== undefined) {
      if (line === '```') {
        blocks.push(open);
        open = undefined;
      } else open.lines.push(line);
    } else if (line.startsWith('```')) {
      const [language = '', ...attributes] = line.slice(3).split(' ');
      open = {
        language,
        attributes: new Map(attributes.map(assignment)),
        line: index + 2,
        lines: [],
      };
    } else prose.push(line);
  }
  if (open !== undefined) throw new Error(`${path}: the block at line ${open.line} does not end`);
  const plain = prose.join('\n');
  return {
    path,
    text,
    blocks,
    prose: plain,
    anchors: headingAnchors(prose),
    links: linkTargets(plain),
  };
}

function assignment(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function headingAnchors(lines: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return lines.flatMap((line) => {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading === undefined) return [];
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return [before === 0 ? slug : `${slug}-${before}`];
  });
}

function linkTargets(prose: string): string[] {
  const withoutCode = prose.replace(/`[^`\n]*`/g, '');
  const markdown = [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)];
  const html = [...withoutCode.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g)];
  return [...markdown, ...html].map(([, target = '']) => target);
}

/** What stands between backticks in prose. */
export function codeSpans(prose: string): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Rows of the table under a heading (its anchor), a list of cells each; head and rule left out. */
export function tableUnder({ path, text }: Document, anchor: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && headingAnchors([line])[0] === anchor,
  );
  if (start === -1) throw new Error(`${path} has no heading #${anchor}`);
  const first = lines.findIndex((line, index) => index > start && line.startsWith('|'));
  const rows: string[][] = [];
  for (let at = first; first !== -1 && lines[at]?.startsWith('|'); at++) {
    rows.push(
      (lines[at] ?? '')
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows.slice(2);
}
