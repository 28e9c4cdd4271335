// The spans of YAML nodes in their text, and where errors are shown: the parser's ranges do not include tags and anchors
// before a value, and its errors about something never closed come only at the end.

import { type Node, visit } from "yaml";

/** A part of the text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The span of a node with its tag, anchor and quotes; where nothing is written, the empty span after the key. */
export function spanOf(node: Node | null, after: number, text: string): Span {
  const range = node?.range;
  if (!range) return { start: after, end: after };
  let start = range[0];
  if (after > 0 && after <= start) {
    // Tag and anchor come between the colon and the node's range.
    const property = /(?:[!&]\S*\s+)?[!&]\S*\s*$/.exec(text.slice(after, start));
    if (property !== null && (node.tag !== undefined || hasAnchor(node))) {
      start = after + property.index;
    }
  }
  // The parser places an empty value after the blanks and comments that follow it.
  if (range[0] === range[1] && start === range[0]) return { start: after, end: after };
  return { start, end: range[1] };
}

/** The offset after the colon that follows a key, or after the key where it has none. */
export function afterColon(text: string, keyEnd: number): number {
  return keyEnd + (/^\s*:/.exec(text.slice(keyEnd))?.[0].length ?? 0);
}

/** The offset at which the next item of a list begins. */
export function skipSeparators(text: string, from: number): number {
  return from + (/^[\s,]*/.exec(text.slice(from))?.[0].length ?? 0);
}

function hasAnchor(node: Node | null): boolean {
  return node !== null && "anchor" in node && node.anchor !== undefined;
}

/** The offset at which to show an error: one that the parser finds only at an end is shown at the beginning. */
export function offsetOf(at: number, text: string, code: string, contents: unknown): number {
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

/** The white space at the beginning of the line with an offset. */
export function indentationAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset + 1))?.[0] ?? "";
}
