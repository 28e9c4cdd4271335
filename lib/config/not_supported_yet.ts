// What the schema allows and the program cannot do yet: such keys and values are checked like all others and then
// refused, never silently ignored. An entry is deleted when its feature is built.

import { formatPath, type LocatedProblem, valueAt } from "./located_problem.ts";

interface Gap {
  /** `cluster` stands for source and target. */
  readonly path: readonly string[];
  readonly unless?: (value: unknown) => boolean;
  readonly expected: string;
  /** Whether the message names the value too. */
  readonly named?: true;
}

const NOT_SUPPORTED_YET: readonly Gap[] = [
  {
    path: ["groupOffsets"],
    unless: (value) => value === "ignore",
    expected: "ignore",
    named: true,
  },
  { path: ["engine"], unless: (value) => value === "local", expected: "local" },
];

/** Keys and values of the content whose feature is not built yet. */
export function checkSupport(content: unknown): readonly LocatedProblem[] {
  return NOT_SUPPORTED_YET.flatMap(({ path, unless, expected, named }) =>
    clustersOf(path).flatMap((path): readonly LocatedProblem[] => {
      const value = valueAt(content, path);
      if (value === undefined || unless?.(value)) return [];
      const subject = named ? `${formatPath(path)}: ${String(value)}` : formatPath(path);
      const message = `${subject} is not supported yet, expected ${expected}`;
      return [{ path, at: "value", message }];
    })
  );
}

function clustersOf(path: readonly string[]): readonly (readonly string[])[] {
  if (path[0] !== "cluster") return [path];
  return ["source", "target"].map((cluster) => [cluster, ...path.slice(1)]);
}
