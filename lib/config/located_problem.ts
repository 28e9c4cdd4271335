// Problems at a path of the schema, and how messages name paths and values. A value is described so that the operator
// recognises it; a value that may hold a secret is not described at all.

import { escapeName } from "../model/escape_name.ts";
import { mayHoldSecret } from "./secret_source.ts";
import { pathKey } from "./yaml_source.ts";

/** A problem at a path. */
export interface LocatedProblem {
  readonly path: readonly PropertyKey[];
  /** What to point at: the key, the value, or, where the key is missing, the mapping that lacks it. */
  readonly at: "key" | "value" | "parent";
  /** The index in the value's text at which it is wrong. */
  readonly offset?: number;
  readonly message: string;
}

/** Formats a path: `topics.include[0]`, `source.addresses['10.0.0.1:9092']`; `The file` for the whole file. */
export function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "The file";
  return path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    const name = shortened(String(part));
    if (!/^[\w-]+$/.test(name)) return `['${name}']`;
    return index === 0 ? name : `.${name}`;
  }).join("");
}

/** Describes a value in a few words: `'yes'`, `12`, `empty`, `a list`. */
export function describe(value: unknown, path: readonly PropertyKey[]): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = String(value);
  if (mayHoldSecret(text, path)) return typeof value === "string" ? "a text" : `a ${typeof value}`;
  return typeof value === "string" ? `'${shortened(text)}'` : text;
}

/** The value at a path of plain data; `undefined` where there is none. */
export function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  let value = content;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The first problem of each path, so that one mistake gives one message. */
export function firstOfEachPath(problems: readonly LocatedProblem[]): readonly LocatedProblem[] {
  const taken = new Set<string>();
  return problems.filter(({ path, at, offset }) => {
    const own = pathKey([at, offset ?? 0, ...path]);
    if (taken.has(own)) return false;
    taken.add(own);
    return true;
  });
}

function shortened(text: string): string {
  const escaped = escapeName(text);
  return escaped.length <= 60 ? escaped : `${escaped.slice(0, 57)}…`;
}
