// What is dialled: where to, and the name that TLS checks.

import type { HostPort } from "../config/address.ts";
import type { BrokerAddress } from "./connection_error.ts";

/** Where to, in the three forms needed here. */
export interface DialTarget {
  readonly advertised: HostPort;
  readonly dialled: HostPort;
  readonly address: BrokerAddress;
  /** Which address of the dialled host, where it has several. */
  readonly ip?: string;
}
