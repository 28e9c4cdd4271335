// Chooses the address of a broker's host that a connection goes to: the only one, or the first of several that answers
// as a broker. The errors of all addresses become one sentence. It knows nothing of TLS or of Kafka's requests.

import { formatAddress } from "../config/address.ts";
import { type BrokerAddress, ConnectionError } from "./connection_error.ts";
import { addressesOf, EveryAddressFailed, firstToAnswer } from "./each_address.ts";
import type { BrokerConnection } from "./broker_connection.ts";
import type { DialTarget } from "./dial_target.ts";

/** Options of a connection to one address. */
export interface OpenAttempt {
  readonly signal?: AbortSignal;
  /** To be called when the address has accepted the connection. */
  readonly connected?: () => void;
}

/** The next address is tried if one has not accepted the connection after this long, as RFC 8305 recommends. */
const NEXT_ADDRESS_MS = 250;

/**
 * Opens a connection to the first address of the host dialled that answers.
 *
 * @param open opens a connection to one address; a target without `ip` has only one
 * @throws {ConnectionError} of the only address, or of all of them
 */
export async function openFirst(
  target: DialTarget,
  open: (target: DialTarget, attempt: OpenAttempt) => Promise<BrokerConnection>,
  { signal, answered, timeouts: { dialMs, requestMs } }: {
    readonly signal?: AbortSignal;
    readonly answered?: Map<string, string>;
    readonly timeouts: { readonly dialMs: number; readonly requestMs: number };
  },
): Promise<BrokerConnection> {
  const { address } = target;
  const found = await resolve(target, dialMs, signal);
  if (found.length === 1) return await open(target, { ...(signal && { signal }) });
  const key = formatAddress(target.dialled);
  // The address that answered last comes first: a silent one would cost its share of the time at each connection.
  const last = answered?.get(key);
  const addresses = found.toSorted((a, b) => Number(b === last) - Number(a === last));
  const wholeMs = dialMs + requestMs;
  const whole = AbortSignal.timeout(wholeMs);
  const attempt = async (ip: string, context: { signal: AbortSignal; connected: () => void }) => {
    const ending = new AbortController();
    const giveUp = () => ending.abort();
    whole.addEventListener("abort", giveUp);
    const wanted = AbortSignal.any([context.signal, ending.signal, ...(signal ? [signal] : [])]);
    try {
      const broker = await open({ ...target, ip }, { ...context, signal: wanted });
      answered?.set(key, ip);
      // This connection is used, so it must not close when the time for trying is over.
      whole.removeEventListener("abort", giveUp);
      return broker;
    } catch (error) {
      if (!whole.aborted) throw error;
      throw new ConnectionError("silent", address, `no answer within ${wholeMs / 1000} s`);
    }
  };
  try {
    return await firstToAnswer(
      addresses,
      attempt,
      { connectMs: NEXT_ADDRESS_MS, answerMs: dialMs / addresses.length },
      ({ connection }) => connection.close(),
    );
  } catch (error) {
    throw error instanceof EveryAddressFailed ? asOne(address, error) : error;
  }
}

async function resolve(
  { address, dialled: { host } }: DialTarget,
  dialMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const timeout = AbortSignal.timeout(dialMs);
  try {
    const found = await addressesOf(host, signal ? AbortSignal.any([timeout, signal]) : timeout);
    if (found.length > 0) return found;
  } catch {
    // Whatever the system's resolver reports, the reason below describes it.
  }
  const within = timeout.aborted ? ` within ${dialMs / 1000} s` : "";
  const reason = `the host name could not be resolved${within}`;
  throw new ConnectionError("unreachable", address, reason);
}

/** One error for all addresses: it has the most informative kind, and every reason. */
function asOne(address: BrokerAddress, { failures }: EveryAddressFailed): ConnectionError {
  const told = failures.map(({ address: ip, error }) => {
    // Any other error is a fault of this program, not of the address.
    if (!(error instanceof ConnectionError)) throw error;
    return { ip, error };
  });
  const kinds = told.map(({ error }) => error.kind);
  const kind = kinds.find((each) => each !== "unreachable" && each !== "silent") ??
    kinds.find((each) => each === "silent") ?? "unreachable";
  const reasons = new Set(told.map(({ error }) => error.reason));
  const [only = ""] = reasons;
  const text = reasons.size === 1
    ? `${only} (tried ${told.map(({ ip }) => ip).join(" and ")})`
    : told.map(({ ip, error }) => `${error.reason} (${ip})`).join("; ");
  return new ConnectionError(kind, address, text);
}
