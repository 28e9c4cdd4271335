// Secrets: values that are harmless when passed around and printed by accident. A secret shows `***` however it is turned into
// text; only `reveal` returns the value, at the one place that sends it.

declare const brand: unique symbol;

/** A password, passphrase or private key. Prints as `***`. */
export interface Secret {
  readonly [brand]: true;
  toString(): string;
  toJSON(): string;
}

const MASK = "***";
const values = new WeakMap<object, string>();

const masked = { value: () => MASK, enumerable: false };
const prototype = Object.freeze(Object.create(null, {
  toString: masked,
  toJSON: masked,
  [Symbol.toPrimitive]: masked,
  [Symbol.for("nodejs.util.inspect.custom")]: masked,
  [Symbol.for("Deno.customInspect")]: masked,
}));

/** Wraps a value. The object itself does not hold the value, so that no inspection of it can find it. */
export function createSecret(value: string): Secret {
  const secret = Object.freeze(Object.create(prototype)) as Secret;
  values.set(secret, value);
  return secret;
}

/** The value of a secret. @throws {TypeError} where `createSecret` did not make the object */
export function reveal(secret: Secret): string {
  const value = values.get(secret);
  if (value === undefined) throw new TypeError("Cannot reveal: this is not a secret");
  return value;
}

/** The variable's name where the whole text is `${NAME}`; otherwise undefined. */
export function environmentReference(text: string): string | undefined {
  return /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
}

/** Whether the whole text is a reference for a Connect config provider: `${provider:key}`, `${provider:path:key}` (KIP-297). */
export function isProviderReference(text: string): boolean {
  return /^\$\{[\w.-]+:(?:[^:{}$\s]*:)?[^:{}$\s]+\}$/.test(text);
}

const SEALED = "sealed secret";

/**
 * The same data with each secret as plain data, to be sent to another thread: structured cloning would turn secrets into
 * empty objects. The receiver unwraps it at once with `unsealSecrets`.
 */
export function sealSecrets(value: unknown): unknown {
  return mapDeep(value, (object) => {
    const secret = values.get(object);
    return secret === undefined ? undefined : { [SEALED]: secret };
  });
}

/** The reverse of `sealSecrets`: the data with its secrets wrapped again. */
export function unsealSecrets(value: unknown): unknown {
  return mapDeep(value, (object) => {
    const secret = (object as Readonly<Record<string, unknown>>)[SEALED];
    return typeof secret === "string" ? createSecret(secret) : undefined;
  });
}

function mapDeep(value: unknown, replace: (object: object) => unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Map) return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item) => mapDeep(item, replace));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapDeep(item, replace)]),
  );
}
