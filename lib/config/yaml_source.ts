// Reads YAML text into plain data and remembers the position of each part. It accepts the plain core of YAML 1.2 (one document,
// text keys, no custom tags) with anchors, aliases and merge keys; what an alias repeats has the position of its anchor. It
// knows no schema, and its problems never quote the text.

import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
} from "yaml";
import { positionFinder, type TextPosition } from "./text_position.ts";
import { isLocal, syntaxSentence } from "./syntax_sentence.ts";
import { createAliases, TOO_MUCH } from "./yaml_aliases.ts";
import {
  afterColon,
  indentationAt,
  offsetOf,
  skipSeparators,
  type Span,
  spanOf,
} from "./yaml_spans.ts";

/** Keys and list indexes from the top of the document. */
export type Path = readonly (string | number)[];

/** The position of a value. */
export interface Place {
  readonly path: Path;
  /** The key; absent where the value belongs to none. */
  readonly key?: Span;
  /** The value as written, with its tag and quotes; empty where nothing is written. For an alias, the value at its anchor. */
  readonly value: Span;
  /** The alias that repeats the value; absent where the value itself is written here. */
  readonly alias?: Span;
  readonly node: Node | null;
  /** Where the next key of the same mapping begins, or else where the mapping ends. */
  readonly next: number;
  /** The keys of the value's mapping, in the order of the text; `index` is the value's own key among them. */
  readonly siblings: readonly Path[];
  readonly index: number;
  /** Whether the value's mapping is written in braces. */
  readonly inBraces: boolean;
}

/** A problem at an offset of the text. */
export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

/** A YAML text after reading. */
export interface YamlSource {
  /** Plain data: null-prototype objects, arrays, texts, numbers (bigint where a double is not exact), booleans, null. */
  readonly content: unknown;
  /** The position of each value, by `pathKey`. */
  readonly places: ReadonlyMap<string, Place>;
  readonly problems: readonly SyntaxProblem[];
  /** The values of keys that `content` omits; each has a problem. */
  readonly unread: readonly Span[];
  /** The line and column of an offset, both from 1. */
  readonly positionOf: (offset: number) => TextPosition;
  /** Whether the structure itself is in doubt, so that checking the content would only mislead. */
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
    // The parser is recursive; only a text made to overflow its stack nests so deeply.
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
    // The library's own check compares every pair of keys, which takes quadratic time.
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

  const aliases = createAliases();
  const said = new Set<string>();

  /** Reports a problem once, although the node of an alias is read once for each alias. */
  function say(offset: number, message: string): void {
    const own = message === TOO_MUCH ? message : `${offset} ${message}`;
    if (said.has(own) || problems.length >= MOST_ERRORS) return;
    said.add(own);
    problems.push({ offset, message });
  }

  function walk(node: Node | null, path: Path, place: Omit<Place, "path" | "node">): unknown {
    places.set(pathKey(path), { ...place, path, node });
    if (!isAlias(node)) return aliases.within(node, () => read(node, path));
    const target = aliases.targetOf(node);
    if (typeof target === "string") {
      const { start } = place.value;
      // The parser may have reported this already.
      if (!problems.some(({ offset }) => offset === start)) say(start, target);
      return UNREADABLE;
    }
    const value = spanOf(target, target.range?.[0] ?? 0, text);
    places.set(pathKey(path), { ...place, value, alias: place.value, path, node: target });
    return aliases.expand(target, () => read(target, path));
  }

  function read(node: Node | null, path: Path): unknown {
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
    const whole = readItems(items, path, map, content);
    // Keys that an unreadable merge key would have added do not count as missing; the file as a whole is checked all the same.
    return whole || path.length === 0 ? content : UNREADABLE;
  }

  /**
   * Reads the items of a mapping into `content`, then adds what its merge keys name, without replacing existing keys. A key of
   * the mapping itself wins, whether it is before or after `<<`; of several merged mappings the first wins
   * (yaml.org/type/merge).
   *
   * @returns whether everything that the merge keys name could be read
   */
  function readItems(
    items: readonly Pair<Node, Node | null>[],
    path: Path,
    map: Node,
    content: Record<string, unknown>,
  ): boolean {
    const before = new Set(Object.keys(content));
    const seen = new Map<string, number>();
    const merges: Merge[] = [];
    const inBraces = "flow" in map && map.flow === true;
    const siblings: Path[] = [];
    for (const [at, { key, value }] of items.entries()) {
      const keySpan = spanOf(key, map.range?.[0] ?? 0, text);
      const following = items[at + 1]?.key;
      const next = following?.range?.[0] ?? (map.range?.[1] ?? text.length) - (inBraces ? 1 : 0);
      const name = isScalar(key) ? keyText(key.value, key.source) : undefined;
      const wrong = wrongKey(name, seen);
      if (name === undefined || wrong !== undefined) {
        say(keySpan.start, wrong ?? NO_TEXT);
        // In braces even the key may be a piece of a password.
        const isPiece = name === undefined || inBraces;
        const start = isPiece ? keySpan.start : afterColon(text, keySpan.end);
        unread.push({ start, end: next });
        continue;
      }
      seen.set(name, keySpan.start);
      aliases.note(key);
      const span = spanOf(value, keySpan.end, text);
      if (isMergeKey(key)) {
        merges.push({ key: keySpan.start, node: value, span });
        continue;
      }
      if (before.has(name)) {
        // The value of the other key with this name counts, but this one may hold a secret too.
        unread.push({ start: afterColon(text, keySpan.end), end: next });
        continue;
      }
      const own = [...path, name];
      const index = siblings.push(own) - 1;
      const place = { key: keySpan, value: span, next, siblings, index, inBraces };
      content[name] = walk(value, own, place);
    }
    return merges.map((merge) => readMerge(merge, path, content)).every((whole) => whole);
  }

  function readMerge(
    { key, node, span }: Merge,
    path: Path,
    content: Record<string, unknown>,
  ): boolean {
    return mappingsOf(node).map((each) => {
      const merged = isAlias(each) ? aliases.targetOf(each) : each;
      if (!isMap(merged)) {
        say(key, typeof merged === "string" ? merged : NO_MAPPING);
        unread.push(span);
        return false;
      }
      const items = merged.items as Pair<Node, Node | null>[];
      const read = () => readItems(items, path, merged as Node, content);
      return isAlias(each)
        ? aliases.expand(merged as Node, read)
        : aliases.within(merged as Node, read);
    }).every((whole) => whole);
  }

  function wrongKey(name: string | undefined, seen: ReadonlyMap<string, number>) {
    const before = name === undefined ? undefined : seen.get(name);
    if (before !== undefined) {
      return `Key given twice, expected it once (first in line ${positionOf(before).line})`;
    }
    // Zod silently ignores this key.
    return name === "__proto__" ? "Unknown key __proto__, expected none" : undefined;
  }

  const root = document.contents as Node | null;
  const whole = { start: root?.range?.[0] ?? 0, end: text.length };
  const content = walk(root, [], { ...ALONE, value: whole, next: text.length });
  const firstProblems = problems.slice(0, MOST_ERRORS);
  return { content, places, problems: firstProblems, unread, positionOf, broken };
}

/** A merge key: its position, and its value. */
interface Merge {
  readonly key: number;
  readonly node: Node | null;
  readonly span: Span;
}

/** For a value that belongs to no key. */
const ALONE = { siblings: [], index: 0, inBraces: false } as const;
/** Further errors would help nobody. */
const MOST_ERRORS = 100;

const NO_MAPPING =
  "Merge key (<<) without a mapping, expected the alias of one (<<: *name) or a list of such";
const NO_TEXT = "Key is no text, expected key: value";

/** Takes the place of a value that could not be read and has a problem; nothing further is checked about it. */
export const UNREADABLE: unique symbol = Symbol("unreadable");

function plain(value: unknown): unknown {
  if (typeof value !== "bigint") return value ?? null;
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : value;
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

/** The mappings that a merge key names: one, or several in a list. */
function mappingsOf(node: Node | null): readonly (Node | null)[] {
  const isList = isCollection(node) && !isMap(node);
  return isList ? node.items.map((item) => isPair(item) ? null : item as Node) : [node];
}

function keyText(value: unknown, source: string | undefined): string {
  return typeof value === "string" ? value : source ?? "";
}
