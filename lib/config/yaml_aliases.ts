// Anchors and aliases of a YAML text: resolves aliases within limits. An alias that contains itself is refused with a sentence,
// and so are aliases that repeat more than any config would; no sentence quotes the text.

import { type Alias, isAlias, type Node } from "yaml";

/** Resolves aliases while the caller walks the text in its order. */
export interface Aliases {
  /** Remembers a node's anchor, so that later aliases find it. */
  note(node: Node | null): void;
  /** Reads a node where it is written, and remembers its anchor. */
  within<Value>(node: Node | null, read: () => Value): Value;
  /** The node that an alias repeats, or what is wrong with the alias. */
  targetOf(alias: Alias): Node | string;
  /** Reads the node that an alias repeats. */
  expand<Value>(target: Node, read: () => Value): Value;
}

/** The number of values that all aliases together may repeat; a config has a few dozen. */
const MOST_REPEATED = 10_000;

const NO_ANCHOR =
  "A value that begins with * is read as a YAML alias, and no anchor (&) of that name stands before it, expected one, or the value in single quotes";
const ENDLESS = "YAML alias (*) inside what it repeats, expected it outside";
/** Reported once only: where aliases repeat too much, all of them do. */
export const TOO_MUCH =
  `YAML aliases (*) repeat more than ${MOST_REPEATED} values, expected the values written out`;

/** Starts at the beginning of a text, with no anchors known. */
export function createAliases(): Aliases {
  const anchors = new Map<string, Node>();
  /** Filled when an alias is first met: when it is read again, a later anchor may have the same name. */
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
