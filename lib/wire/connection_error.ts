// Why a connection to a broker failed: one error type for everything that can go wrong between dialling and an
// authenticated connection, worded for the operator. It carries no secrets, only addresses and reasons.

/**
 * Which stage failed. `token`: no token could be obtained, or the broker refused it; `foreign`: the broker answers, but
 * belongs to another cluster.
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

/** A broker's address, as the cluster advertises it and as this program dials it (`addresses`). */
export interface BrokerAddress {
  /** `host:port` as advertised or as written under `bootstrapServers`. */
  readonly advertised: string;
  /** The `host:port` that is dialled. */
  readonly dialled: string;
}

/** `10.0.0.1:9092`, or `10.0.0.1:9092 (dialled as 127.0.0.1:6001)` if `addresses` maps it. */
export function formatBrokerAddress({ advertised, dialled }: BrokerAddress): string {
  return advertised === dialled ? advertised : `${advertised} (dialled as ${dialled})`;
}

/**
 * The kinds of error of a broker that does not answer: it may be down or cut off, and others may take over its
 * partitions.
 */
const AWAY: readonly ConnectionErrorKind[] = ["unreachable", "silent", "closed"];

/** A connection that could not be opened, or broke; `message` names the address and the reason. */
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

  /** Whether a later try may help: tokens get renewed; wrong passwords, certificates and brokers stay wrong. */
  get passing(): boolean {
    return this.kind !== "authentication" && this.kind !== "unsupported" && this.kind !== "tls";
  }
}

/** Whether a broker did not answer at all, as if it were down. Any answer, even a refusal, gives false. */
export function isAway(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && AWAY.includes(error.kind);
}

/** The error of a broker that the run needs, with the reason why: `it leads orders-0`. */
export function neededFor(
  { kind, address, reason }: ConnectionError,
  why: string,
): ConnectionError {
  return new ConnectionError(kind, address, `${reason}; ${why}`);
}
