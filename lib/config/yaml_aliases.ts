// Anchors and aliases of one YAML text: what an alias repeats, within bounds. An alias that repeats itself, or aliases that
// repeat so much that no config is meant, are refused with a sentence; nothing of the text stands in it.

import { type Alias, isAlias, type Node } from "yaml";

/** How aliases are read while a text is walked in the order it is written. */
export interface Aliases {
  /** Takes note of a node's anchor, so that aliases after it find it. */
  note(node: Node | null): void;
  /** Reads a node as it is written, its anchor noted. */
  within<Value>(node: Node | null, read: () => Value): Value;
  /** The node an alias repeats, or what is wrong with the alias. */
  targetOf(alias: Alias): Node | string;
  /** Reads what an alias repeats. */
  expand<Value>(target: Node, read: () => Value): Value;
}

/** Values that aliases may repeat, all together; a config has some dozens. */
const MOST_REPEATED = 10_000;

const NO_ANCHOR =
  "A value that begins with * is read as a YAML alias, and no anchor (&) of that name stands before it, expected one, or the value in single quotes";
const ENDLESS = "YAML alias (*) inside what it repeats, expected it outside";
/** Said once: where aliases repeat too much, they all do. */
export const TOO_MUCH =
  `YAML aliases (*) repeat more than ${MOST_REPEATED} values, expected the values written out`;

/** Aliases of a text of which nothing has been read. */
export function createAliases(): Aliases {
  const anchors = new Map<string, Node>();
  /** Found when an alias is first met: where it is repeated, another anchor of its name may have come since. */
  const targets = new Map<Alias, Node | undefined>();
  const open = new Set<Node>();
  let repeating = 0;
  let repeated = 0;

  function note(node: Node | null): void {
    if (repeating > 0 || node === null || isAlias(node) || !("anchor" in node)) return;
    if (typeof node.anchor === "string") anchors.set(node.anchor, node);
  }

  function within<Value>(node: Node | null, read: () => Value): Value {
    note(node);
    if (repeating > 0) repeated += 1;
    if (node === null || open.has(node)) return read();
    open.add(node);
    try {
      return read();
    } finally {
      open.delete(node);
    }
  }

  return {
    note,
    within,
    targetOf(alias) {
      if (!targets.has(alias)) targets.set(alias, anchors.get(alias.source));
      const target = targets.get(alias);
      if (target === undefined) return NO_ANCHOR;
      if (open.has(target)) return ENDLESS;
      return repeated > MOST_REPEATED ? TOO_MUCH : target;
    },
    expand(target, read) {
      repeating += 1;
      try {
        return within(target, read);
      } finally {
        repeating -= 1;
      }
    },
  };
}
