// Secrets as written in the YAML text: whether YAML has read one differently from what the operator meant, and which spans of
// the text must never be shown. When in doubt a span is hidden: an unknown key may hold a password.

import { isScalar } from "yaml";
import { environmentReference } from "./secrets.ts";
import { type Path, pathKey, type Place, type YamlSource } from "./yaml_source.ts";
import { afterColon, type Span } from "./yaml_spans.ts";

const SECRET_KEYS: readonly PropertyKey[] = ["password", "passphrase", "clientSecret"];
/** Key names that suggest a secret: a misspelt one, or the option of another client. */
const SUSPICIOUS = /pas?s|pwd|pw$|secret|token$|jaas|credential/i;
/** Text that may be a user name and password inside an address or URL. */
const USERINFO = /\S@\S/;

/** Whether the schema has a secret at this path; under `engine` it has only references. */
export function isSecretPath(path: Path): boolean {
  return path[0] !== "engine" && SECRET_KEYS.includes(path.at(-1) ?? "");
}

const QUOTES = "expected it in single quotes";

/** What is wrong with the way a secret is written, as the words after its name; undefined where YAML reads all of it. */
export function misreadSecret(
  place: Place,
  text: string,
  { hasPieces, invalid }: { readonly hasPieces: boolean; readonly invalid: boolean },
): string | undefined {
  const { node, value, alias } = place;
  if (alias !== undefined) return `is read as a YAML alias, ${QUOTES}`;
  const first = text[value.start];
  if (node?.tag !== undefined || first === "!") return `is read as a YAML tag, ${QUOTES}`;
  if (first === "&") return `is read as a YAML anchor, ${QUOTES}`;
  if (first === "*") return `is read as a YAML alias, ${QUOTES}`;
  if (node !== null && !isScalar(node)) return `is read as a list or mapping, ${QUOTES}`;
  const scalar = node;
  if (invalid) return `is not valid YAML as it stands, ${QUOTES}`;
  if (scalar?.type === "BLOCK_LITERAL" || scalar?.type === "BLOCK_FOLDED") {
    return "is a YAML block, expected one line in single quotes";
  }
  if (scalar?.type === "QUOTE_DOUBLE" || scalar?.type === "QUOTE_SINGLE") {
    if (scalar.value === "") return "is empty, expected a value";
    if (/[\0\r\n]/.test(String(scalar.value))) {
      return "holds a line break or NUL, expected one line";
    }
    return hasPieces
      ? "is followed by what is no known key, expected the whole value in single quotes"
      : undefined;
  }
  if (value.start === value.end) {
    const commented = /^[ \t]*#\S/.test(text.slice(valueStart(place, text)));
    return commented ? `is read as a comment, ${QUOTES}` : "is empty, expected a value";
  }
  if (/[\r\n]/.test(text.slice(value.start, value.end))) {
    return "continues on the next line, expected one line in single quotes";
  }
  if (typeof scalar?.value === "number" || typeof scalar?.value === "bigint") {
    return `is read as a number, ${QUOTES}`;
  }
  if (typeof scalar?.value !== "string") return `is read as true, false or null, ${QUOTES}`;
  if (environmentReference(scalar.value) !== undefined) return undefined;
  if (hasPieces) return `is cut at a comma, ${QUOTES}`;
  return isCutByComment(place, text) ? `is cut at # (a comment in YAML), ${QUOTES}` : undefined;
}

/** Whether ` #` cuts off the value; with `touching`, only where text follows directly after the `#`. */
export function isCutByComment(place: Place, text: string, touching = false): boolean {
  const { node, value } = place;
  if (!isScalar(node) || node.type !== "PLAIN") return false;
  return (touching ? /^[ \t]+#[^\s#]/ : /^[ \t]+#/).test(text.slice(value.end, value.end + 200));
}

/** The comment in the rest of a line, which may be part of a secret: a } in a password ends the mapping in braces early. */
function commentAfter(text: string, from: number): Span {
  const end = endOfLine(text, from);
  const comment = text.slice(from, end).search(/[ \t]#/);
  return trimmed(text, { start: comment < 0 ? end : from + comment, end });
}

function valueStart({ key, value }: Place, text: string): number {
  return key === undefined ? value.start : afterColon(text, key.end);
}

/** The keys that the schema does not know, and those of them to which no known name is near. */
export interface UnknownKeys {
  readonly isUnknown: (path: Path) => boolean;
  readonly isFar: (path: Path) => boolean;
}

/**
 * The spans that must not be shown of a text that is valid YAML: secrets and what belongs to them, values of unknown keys,
 * and addresses with a password in them.
 */
export function hiddenSpans(
  source: YamlSource,
  text: string,
  keys: UnknownKeys,
): readonly Span[] {
  const spans = source.unread.map((span) => trimmed(text, span));
  for (const place of source.places.values()) {
    const { path, node, value } = place;
    if (isReference(place)) continue;
    if (place.key !== undefined && hides(place, keys)) {
      const end = endOfSecret(place, source, text, keys);
      spans.push(trimmed(text, { start: valueStart(place, text), end }));
      if (place.inBraces) spans.push(commentAfter(text, end));
    } else if (isScalar(node) && mayHoldSecret(text.slice(value.start, value.end), path)) {
      spans.push(value);
    }
  }
  return spans;
}

/** Whether a value that the schema does not call a secret may still hold one. */
export function mayHoldSecret(text: string, path: readonly PropertyKey[]): boolean {
  if (path.at(-1) === "sasl" || path.some((key) => SECRET_KEYS.includes(key))) return true;
  return USERINFO.test(text) && path.at(-1) !== "username";
}

function hides({ path }: Place, keys: UnknownKeys): boolean {
  const name = String(path.at(-1));
  if (keys.isUnknown(path)) return true;
  return isSecretPath(path) || (path.includes("secrets") && SUSPICIOUS.test(name));
}

function isReference({ path, node }: Place): boolean {
  return isSecretPath(path) && isScalar(node) && typeof node.value === "string" &&
    environmentReference(node.value) !== undefined;
}

/** The offset at which the text that belongs to a hidden value ends. */
function endOfSecret(
  place: Place,
  source: YamlSource,
  text: string,
  keys: UnknownKeys,
): number {
  if (!place.inBraces) return Math.max(place.next, endOfLine(text, place.value.end));
  if (!isSecretPath(place.path)) return place.next;
  return piecesOfSecret(place, source, keys).at(-1)?.next ?? place.next;
}

/** The unknown keys right after a secret in braces: pieces of it, cut off at a comma, unless a known name is near. */
export function piecesOfSecret(
  { siblings, index, inBraces }: Place,
  source: YamlSource,
  { isFar }: UnknownKeys,
): readonly Place[] {
  if (!inBraces) return [];
  const following = siblings.slice(index + 1);
  const other = following.findIndex((path) => !isFar(path));
  const pieces = other < 0 ? following : following.slice(0, other);
  return pieces.flatMap((path) => source.places.get(pathKey(path)) ?? []);
}

/** A span that must not be shown, and whether it is the value of a secret itself. */
export interface BrokenSpan extends Span {
  readonly isSecret: boolean;
}

/**
 * The spans that must not be shown of a text that is not valid YAML, judged line by line: whatever follows a key that is
 * suspicious or unknown, with the lines that belong to it.
 */
export function hiddenInBrokenText(
  text: string,
  known: ReadonlySet<string>,
): readonly BrokenSpan[] {
  const spans: BrokenSpan[] = [];
  let offset = 0;
  let block: HiddenBlock | undefined;
  for (const line of text.split("\n")) {
    const end = offset + line.length;
    if (block?.holds(line)) spans.push({ start: offset, end, isSecret: block.inQuotes });
    else {
      block = undefined;
      const found = secretColon(line, known);
      if (found !== undefined) {
        const { at, isSecret } = found;
        spans.push({ ...trimmed(text, { start: offset + at, end }), isSecret });
        block = blockAfter(line, line.slice(at).trim(), isSecret);
      } else if (USERINFO.test(line)) spans.push({ start: offset, end, isSecret: false });
    }
    offset = end + 1;
  }
  return spans;
}

/** A key anywhere in a line; the lookbehind keeps the search linear. */
const KEY_IN_LINE = /(?<![^\s[\]{},:'"?])([^\s[\]{},:'"?]+)['"]?[ \t]{0,20}:(?=\s|$|['"{[])/g;

function secretColon(line: string, known: ReadonlySet<string>) {
  let isFirst = true;
  for (const match of line.matchAll(KEY_IN_LINE)) {
    const name = match[1] ?? "";
    const isSecret = SECRET_KEYS.includes(name) || (!known.has(name) && SUSPICIOUS.test(name));
    if (isSecret || (isFirst && !known.has(name))) {
      return { at: match.index + match[0].length, isSecret };
    }
    isFirst = false;
  }
  return undefined;
}

/** The lines after a hidden value that belong to it: up to the closing quote, and those indented further. */
interface HiddenBlock {
  readonly holds: (line: string) => boolean;
  readonly inQuotes: boolean;
}

function blockAfter(line: string, value: string, isSecret: boolean): HiddenBlock {
  const indent = line.search(/\S/);
  const isDeeper = (next: string) => next.trim() === "" || next.search(/\S/) > indent;
  const quote = /^['"]/.exec(value)?.[0];
  if (quote === undefined || value.slice(1).includes(quote)) {
    return { holds: isDeeper, inQuotes: false };
  }
  let closed = false;
  const holds = (next: string) => {
    if (closed) return isDeeper(next);
    closed = next.includes(quote);
    return true;
  };
  return { holds, inQuotes: isSecret };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function trimmed(text: string, { start, end }: Span): Span {
  const written = text.slice(start, end);
  const blank = written.length - written.trimStart().length;
  let length = written.length;
  while (length > 0 && /[\s,]/.test(written.charAt(length - 1))) length -= 1;
  return { start: start + blank, end: start + Math.max(blank, length) };
}
