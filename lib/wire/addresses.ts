// The `addresses` table: from what a cluster advertises to what can be dialled from here.

import { formatAddress, type HostPort, parseAddress } from "../config/address.ts";

/** The address to dial for an advertised one: its entry in the table, else itself. */
export function dialledAddress(
  advertised: HostPort,
  addresses: ReadonlyMap<string, string>,
): HostPort {
  const mapped = addresses.get(formatAddress(advertised));
  return mapped === undefined ? advertised : requireAddress(mapped);
}

/** Reads an address that has been checked before. @throws {TypeError} where it has not */
export function requireAddress(text: string): HostPort {
  const address = parseAddress(text);
  if ("expected" in address) {
    throw new TypeError(`Cannot read the address ${text}: expected ${address.expected}`);
  }
  return address;
}
