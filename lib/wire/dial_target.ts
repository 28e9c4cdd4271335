// What a connection dials, and the name that TLS checks.

import type { HostPort } from "../config/address.ts";
import type { BrokerAddress } from "./connection_error.ts";

/** A broker's address in the three forms that a connection needs. */
export interface DialTarget {
  readonly advertised: HostPort;
  readonly dialled: HostPort;
  readonly address: BrokerAddress;
  /** The chosen IP address of the dialled host, if it has several. */
  readonly ip?: string;
}
