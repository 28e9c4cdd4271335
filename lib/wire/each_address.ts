// Tries the addresses of a host name one after the other. A name may have several addresses (A and AAAA records, lines
// of the hosts file), of which the first may be dead or silent; Deno's own dialling tries only the first. As in RFC
// 8305, when one address takes long the next is tried in parallel, and the first to answer is used. It does not know
// what an answer is.

import { lookup } from "node:dns";
import { isIP } from "node:net";

/** What an attempt at one address is given. */
export interface AddressAttempt {
  /** Fires when another address has answered first. */
  readonly signal: AbortSignal;
  /** The attempt calls this when the address has accepted the connection, which then has `answerMs` to answer. */
  readonly connected: () => void;
}

/** When to try the next address, in milliseconds. */
export interface AddressTimes {
  /** The next address is tried if one has not accepted the connection after this long (RFC 8305, section 5). */
  readonly connectMs: number;
  /** The next address is tried if one has accepted the connection and not answered after this long. */
  readonly answerMs: number;
}

/** Every address failed; holds the error of each, in the order of failure. */
export class EveryAddressFailed extends Error {
  override readonly name = "EveryAddressFailed";
  readonly failures: readonly { readonly address: string; readonly error: unknown }[];

  constructor(failures: EveryAddressFailed["failures"]) {
    super("No address answers");
    this.failures = failures;
  }
}

/**
 * The addresses of a host, from DNS and the hosts file, in the order in which the system wants them tried (RFC 6724). An IP
 * address gives itself. @throws Error if there is none, or the signal fires
 */
export function addressesOf(host: string, signal?: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host]);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      signal?.removeEventListener("abort", abort);
      if (error !== null) reject(error);
      else resolve([...new Set(found.map(({ address }) => address))]);
    });
  });
}

/**
 * Tries the addresses until one answers.
 *
 * @param attempt resolves with the answer of the address, or throws; its signal never fires for the address that is used
 * @param discard frees the answer of a second address that answered at the same moment
 * @throws {EveryAddressFailed}
 */
export function firstToAnswer<Value>(
  addresses: readonly string[],
  attempt: (address: string, context: AddressAttempt) => Promise<Value>,
  { connectMs, answerMs }: AddressTimes,
  discard: (value: Value) => void,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const failures: EveryAddressFailed["failures"][number][] = [];
  const underWay = new Set<AbortController>();
  let taken = false;
  let begun = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tryNext(): void {
    clearTimeout(timer);
    const address = addresses[begun];
    if (taken || address === undefined) return;
    const number = ++begun;
    const waitFor = (ms: number) => {
      // Only the newest attempt decides when the next address is tried.
      if (taken || number !== begun || begun === addresses.length) return;
      clearTimeout(timer);
      timer = setTimeout(tryNext, ms);
    };
    const control = new AbortController();
    underWay.add(control);
    waitFor(connectMs);
    attempt(address, { signal: control.signal, connected: () => waitFor(answerMs) }).then(
      (value) => {
        underWay.delete(control);
        if (taken) return discard(value);
        taken = true;
        clearTimeout(timer);
        underWay.forEach((other) => other.abort());
        resolve(value);
      },
      (error) => {
        underWay.delete(control);
        failures.push({ address, error });
        if (failures.length === addresses.length) reject(new EveryAddressFailed(failures));
        else tryNext();
      },
    );
  }
  if (addresses.length === 0) reject(new EveryAddressFailed([]));
  tryNext();
  return promise;
}
