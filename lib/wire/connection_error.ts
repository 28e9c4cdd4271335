// Why a broker could not be talked to: one error type for everything that can go wrong between dialling and an
// authenticated connection, worded for the operator. It refuses to carry secrets: only addresses and reasons.

/**
 * What stage failed; `token`: no token could be had, or the broker refused it; `foreign`: it answers, and belongs to another
 * cluster.
 */
export type ConnectionErrorKind =
  | "unreachable"
  | "silent"
  | "closed"
  | "tls"
  | "protocol"
  | "authentication"
  | "token"
  | "unsupported"
  | "foreign";

/** A broker's address: as the cluster advertises it, and as it is dialled from here (`addresses`). */
export interface BrokerAddress {
  /** `host:port` as advertised or as written under `bootstrapServers`. */
  readonly advertised: string;
  /** `host:port` that is dialled. */
  readonly dialled: string;
}

/** `10.0.0.1:9092`, or `10.0.0.1:9092 (dialled as 127.0.0.1:6001)` where an address is mapped. */
export function formatBrokerAddress({ advertised, dialled }: BrokerAddress): string {
  return advertised === dialled ? advertised : `${advertised} (dialled as ${dialled})`;
}

/** A broker that gives no answer: it may be down or cut off, so that others may take over what it led. */
const AWAY: readonly ConnectionErrorKind[] = ["unreachable", "silent", "closed"];

/** A connection that could not be made or did not live; `message` names the address and the reason. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly kind: ConnectionErrorKind;
  readonly address: BrokerAddress;
  /** The reason alone, without the address. */
  readonly reason: string;

  constructor(kind: ConnectionErrorKind, address: BrokerAddress, reason: string) {
    super(`Broker ${formatBrokerAddress(address)}: ${reason}`);
    this.kind = kind;
    this.address = address;
    this.reason = reason;
  }

  /** Whether trying again later may help: tokens are renewed, passwords, certificates and brokers are not. */
  get passing(): boolean {
    return this.kind !== "authentication" && this.kind !== "unsupported" && this.kind !== "tls";
  }
}

/** Whether a broker gave no answer, as one that is down. What it answers with, a refusal for one, is something else. */
export function isAway(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && AWAY.includes(error.kind);
}

/** The error of a broker that is needed, with what it is needed for: `it leads orders-0`. */
export function neededFor(
  { kind, address, reason }: ConnectionError,
  why: string,
): ConnectionError {
  return new ConnectionError(kind, address, `${reason}; ${why}`);
}
