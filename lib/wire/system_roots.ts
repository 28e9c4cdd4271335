// Which authorities TLS trusts where the config names none. A compiled binary knows Mozilla's list only; this adds the
// system's, where companies keep their own. It has to run before the first TLS connection.

const VARIABLE = "DENO_TLS_CA_STORE";

/** Has TLS trust the system's authorities besides Mozilla's, unless the environment says otherwise. */
export function trustSystemRoots(): void {
  if (Deno.env.get(VARIABLE) === undefined) Deno.env.set(VARIABLE, "mozilla,system");
}
