// What the schema allows and the program cannot do yet: such keys and values are checked like all others and then
// refused, never silently ignored. An entry is deleted when its feature is built.

import { formatPath, type LocatedProblem, valueAt } from "./located_problem.ts";

interface Gap {
  readonly path: readonly string[];
  readonly unless?: (value: unknown) => boolean;
  readonly expected: string;
}

const NOT_SUPPORTED_YET: readonly Gap[] = [
  { path: ["engine"], unless: (value) => value === "local", expected: "local" },
];

/** Keys and values of the content whose feature is not built yet. */
export function checkSupport(content: unknown): readonly LocatedProblem[] {
  return NOT_SUPPORTED_YET.flatMap(({ path, unless, expected }): readonly LocatedProblem[] => {
    const value = valueAt(content, path);
    if (value === undefined || unless?.(value)) return [];
    const message = `${formatPath(path)} is not supported yet, expected ${expected}`;
    return [{ path, at: "value", message }];
  });
}
