// The addresses of a host name, tried one after the other: a name may have several (A and AAAA records, lines of the
// hosts file), of which the first may be dead or silent. Deno's own dialling knows only the first. As RFC 8305 has it,
// the next is tried beside the one before when that takes long, and whichever answers first is taken. It knows nothing
// of what an answer is.

import { lookup } from "node:dns";
import { isIP } from "node:net";

/** One try of one address. */
export interface AddressAttempt {
  /** Fires when another address has answered, or nobody waits any more. */
  readonly signal: AbortSignal;
  /** To be called when the address has taken the connection: it gets its share of the time to answer. */
  readonly connected: () => void;
}

/** Milliseconds. */
export interface AddressTimes {
  /** An address that has not taken the connection after this long gets the next one beside it (RFC 8305, section 5). */
  readonly connectMs: number;
  /** The same for one that has taken the connection and has not answered. */
  readonly answerMs: number;
}

/** What each address failed with, in the order in which they failed. */
export class EveryAddressFailed extends Error {
  override readonly name = "EveryAddressFailed";
  readonly failures: readonly { readonly address: string; readonly error: unknown }[];

  constructor(failures: EveryAddressFailed["failures"]) {
    super("No address answers");
    this.failures = failures;
  }
}

/**
 * The addresses of a host, in the order in which the system wants them tried (RFC 6724), the hosts file included; an
 * address is its own. @throws Error where there is none, or the signal fires
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
 * @param attempt gives what the address answers with, or throws; its signal is not fired for the one that is taken
 * @param discard frees what a second address answered with at the same moment
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
      // Only the newest one decides when the next is tried.
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
