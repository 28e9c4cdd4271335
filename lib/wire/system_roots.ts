// The authorities that TLS trusts if the config names none. A compiled binary knows only Mozilla's list; this adds the
// system's list, in which companies keep their own authorities. It has to run before the first TLS connection.

const VARIABLE = "DENO_TLS_CA_STORE";

/** Makes TLS trust the system's authorities as well as Mozilla's, unless the environment says otherwise. */
export function trustSystemRoots(): void {
  if (Deno.env.get(VARIABLE) === undefined) Deno.env.set(VARIABLE, "mozilla,system");
}
