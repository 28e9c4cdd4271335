// The `addresses` table: maps the addresses that a cluster advertises to addresses that can be dialled from here.

import { formatAddress, type HostPort, parseAddress } from "../config/address.ts";

/** The address to dial for an advertised one: its entry in the table, or the advertised address itself. */
export function dialledAddress(
  advertised: HostPort,
  addresses: ReadonlyMap<string, string>,
): HostPort {
  const mapped = addresses.get(formatAddress(advertised));
  return mapped === undefined ? advertised : requireAddress(mapped);
}

/** Parses an address that was validated before. @throws {TypeError} if it is not valid */
export function requireAddress(text: string): HostPort {
  const address = parseAddress(text);
  if ("expected" in address) {
    throw new TypeError(`Cannot read the address ${text}: expected ${address.expected}`);
  }
  return address;
}
