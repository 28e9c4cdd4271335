// YAML text read into plain data that remembers where each part stands. It accepts the plain core of YAML 1.2: one
// document, text keys, no anchors, aliases, merge keys or custom tags, so that every value has exactly one place.
// It knows no schema; nothing of the text ever stands in its problems.

import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from "yaml";
import { positionFinder, type TextPosition } from "./text_position.ts";
import { isLocal, syntaxSentence } from "./syntax_sentence.ts";

/** Keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** A stretch of the text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a value stands. */
export interface Place {
  readonly path: Path;
  /** The key, where the value belongs to one. */
  readonly key?: Span;
  /** The value as written, from its tag or quote on; empty where nothing is written. */
  readonly value: Span;
  readonly node: Node | null;
  /** Where the next key of the same mapping begins, else where the mapping ends. */
  readonly next: number;
  /** The keys of the mapping the value is in, in the order they are written, and which of them is its own. */
  readonly siblings: readonly Path[];
  readonly index: number;
  /** Whether the mapping around it is written in braces. */
  readonly inBraces: boolean;
}

/** Something wrong at an offset of the text. */
export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

/** A YAML text read. */
export interface YamlSource {
  /** Plain data: null-prototype objects, arrays, texts, numbers (bigint where a double is not exact), booleans, null. */
  readonly content: unknown;
  /** By `pathKey`. */
  readonly places: ReadonlyMap<string, Place>;
  readonly problems: readonly SyntaxProblem[];
  /** What belongs to keys that `content` leaves out, each with a problem. */
  readonly unread: readonly Span[];
  /** Line and column, both from 1, of an offset. */
  readonly positionOf: (offset: number) => TextPosition;
  /** Whether the structure itself is in doubt, so that looking at the meaning would only mislead. */
  readonly broken: boolean;
}

/** A path as a map key. */
export function pathKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path);
}

/** Reads a text without byte order mark. */
export function readYaml(text: string): YamlSource {
  try {
    return readUnguarded(text);
  } catch (error) {
    // The parser recurses; only a text made to that end nests so deep.
    if (!(error instanceof RangeError)) throw error;
    const message = "Nested too deeply, expected a mapping with checkFlag, source and target";
    const problems = [{ offset: 0, message }];
    const positionOf = () => ({ line: 1, column: 1 });
    return { content: null, places: new Map(), problems, unread: [], positionOf, broken: true };
  }
}

function readUnguarded(text: string): YamlSource {
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    intAsBigInt: true,
    prettyErrors: false,
    // The library's own check compares every pair of keys.
    uniqueKeys: false,
  });
  const found = [...document.errors, ...document.warnings].slice(0, MOST_ERRORS);
  const broken = found.some((error) => !isLocal(error));
  const problems: SyntaxProblem[] = found.map((error) => ({
    offset: offsetOf(error.pos[0], text, error.code, document.contents),
    message: syntaxSentence(error, indentationAt(text, error.pos[0])),
  }));
  const places = new Map<string, Place>();
  const unread: Span[] = [];
  const positionOf = positionFinder(text);

  function walk(node: Node | null, path: Path, place: Omit<Place, "path" | "node">): unknown {
    places.set(pathKey(path), { ...place, path, node });
    if (isAlias(node) || hasAnchor(node)) {
      const offset = place.value.start;
      const heard = problems.length >= MOST_ERRORS ||
        problems.some((problem) => problem.offset === offset);
      if (!heard) problems.push({ offset, message: NO_ALIASES });
      return UNREADABLE;
    }
    if (isMap(node)) return walkMap(node.items as Pair<Node, Node | null>[], path, node);
    if (isCollection(node)) {
      let after = (node.range?.[0] ?? 0) + (node.flow ? 1 : 0);
      return node.items.map((item, index) => {
        if (isPair(item)) return UNREADABLE;
        const value = spanOf(item as Node, after, text);
        const bare = value.start === value.end ? skipSeparators(text, after) : value.start;
        after = Math.max(value.end, bare);
        const place = { ...ALONE, value: { start: bare, end: after }, next: after };
        return walk(item as Node, [...path, index], place);
      });
    }
    return isScalar(node) ? plain(node.value) : null;
  }

  function walkMap(items: readonly Pair<Node, Node | null>[], path: Path, map: Node): unknown {
    const content = Object.create(null);
    const seen = new Map<string, number>();
    const inBraces = "flow" in map && map.flow === true;
    const siblings: Path[] = [];
    for (const [at, { key, value }] of items.entries()) {
      const keySpan = spanOf(key, map.range?.[0] ?? 0, text);
      const following = items[at + 1]?.key;
      const next = following?.range?.[0] ?? (map.range?.[1] ?? text.length) - (inBraces ? 1 : 0);
      const name = isScalar(key) ? keyText(key.value, key.source) : undefined;
      const wrong = wrongKey(name, seen);
      if (name === undefined || wrong !== undefined) {
        problems.push({ offset: keySpan.start, message: wrong ?? NO_TEXT });
        // In braces even the key may be a piece of a password.
        const isPiece = name === undefined || inBraces;
        const start = isPiece ? keySpan.start : afterColon(text, keySpan.end);
        unread.push({ start, end: next });
        continue;
      }
      seen.set(name, keySpan.start);
      const span = spanOf(value, keySpan.end, text);
      const own = [...path, name];
      const index = siblings.push(own) - 1;
      const place = { key: keySpan, value: span, next, siblings, index, inBraces };
      content[name] = walk(value, own, place);
    }
    return content;
  }

  function wrongKey(name: string | undefined, seen: ReadonlyMap<string, number>) {
    const before = name === undefined ? undefined : seen.get(name);
    if (before !== undefined) {
      return `Key given twice, expected it once (first in line ${positionOf(before).line})`;
    }
    if (name === "<<") return "Merge keys (<<) are not supported, expected the keys written out";
    // zod passes over it in silence.
    return name === "__proto__" ? "Unknown key __proto__, expected none" : undefined;
  }

  const root = document.contents as Node | null;
  const whole = { start: root?.range?.[0] ?? 0, end: text.length };
  const content = walk(root, [], { ...ALONE, value: whole, next: text.length });
  const firstProblems = problems.slice(0, MOST_ERRORS);
  return { content, places, problems: firstProblems, unread, positionOf, broken };
}

/** A value that stands under no key. */
const ALONE = { siblings: [], index: 0, inBraces: false } as const;
/** After so many the rest is noise. */
const MOST_ERRORS = 100;

const NO_ALIASES =
  "YAML anchors and aliases (& and *) are not supported, expected the value itself (in single quotes, where it begins with such a character)";
const NO_TEXT = "Key is no text, expected key: value";

/** Stands where a value could not be read and a problem says so; every check of it is beside the point. */
export const UNREADABLE: unique symbol = Symbol("unreadable");

function plain(value: unknown): unknown {
  if (typeof value !== "bigint") return value ?? null;
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : value;
}

function keyText(value: unknown, source: string | undefined): string {
  return typeof value === "string" ? value : source ?? "";
}

/** A node with its tag, anchor and quotes; where nothing is written, the empty span after the key. */
function spanOf(node: Node | null, after: number, text: string): Span {
  const range = node?.range;
  if (!range) return { start: after, end: after };
  let start = range[0];
  if (after > 0 && after <= start) {
    // Tag and anchor stand between the colon and the node's range.
    const property = /(?:[!&]\S*\s+)?[!&]\S*\s*$/.exec(text.slice(after, start));
    if (property !== null && (node.tag !== undefined || hasAnchor(node))) {
      start = after + property.index;
    }
  }
  // An empty value is put by the parser behind the blanks and comments that follow it.
  if (range[0] === range[1] && start === range[0]) return { start: after, end: after };
  return { start, end: range[1] };
}

/** The offset behind the colon that follows a key, or behind the key where it has none. */
export function afterColon(text: string, keyEnd: number): number {
  return keyEnd + (/^\s*:/.exec(text.slice(keyEnd))?.[0].length ?? 0);
}

function skipSeparators(text: string, from: number): number {
  return from + (/^[\s,]*/.exec(text.slice(from))?.[0].length ?? 0);
}

function hasAnchor(node: Node | null): boolean {
  return node !== null && "anchor" in node && node.anchor !== undefined;
}

/** Errors that come to light at the end of something are shown where it begins. */
function offsetOf(at: number, text: string, code: string, contents: unknown): number {
  if (code !== "MISSING_CHAR" && code !== "BAD_INDENT") return Math.min(at, text.length);
  let start = at;
  visit(contents as Node, {
    Scalar(_, { type, range }) {
      if (code !== "MISSING_CHAR") return;
      const quoted = type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE";
      if (quoted && range && range[0] < at && at <= range[2]) start = range[0];
    },
    Collection(_, node) {
      const { range } = node;
      if (node.flow && range && range[0] < at && at <= range[2] + 1) start = range[0];
    },
  });
  return start;
}

/** The white space that begins the line of an offset. */
function indentationAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset + 1))?.[0] ?? "";
}
