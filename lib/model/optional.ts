// Properties that are there or not, for types that tell an absent property from an undefined one.

/** An object with the one property, or none where there is no value. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [name in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { readonly [name in Name]: Value };
}
