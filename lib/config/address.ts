// Broker addresses as the config writes them: `host:port`, IPv6 in brackets. Only the form is checked, no name is looked up;
// text that cannot be an address is refused with a sentence that says what to write.

/** A broker's address; an IPv6 host has no brackets here. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Formats an address as `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parses an address, or returns what was expected in its place. */
export function parseAddress(text: string): HostPort | { readonly expected: string } {
  if (text.includes("://")) return { expected: "host:port without a protocol" };
  if (text.includes("@")) return { expected: "host:port; user name and password go under sasl" };
  if (/^[^[]*:.*:/.test(text)) return { expected: "host:port, an IPv6 address in brackets" };
  const [, bracketed, name, portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || portText === undefined) return { expected: "host:port" };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65535) return { expected: "host:port, the port from 1 to 65535" };
  if (bracketed !== undefined) {
    const valid = URL.canParse(`http://[${bracketed.replace(/%[\w.-]+$/, "")}]/`);
    return valid ? { host, port } : { expected: "host:port, an IPv6 address in brackets" };
  }
  return /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,253})$/u.test(host)
    ? { host, port }
    : { expected: "host:port, the host a name or an address" };
}

/** One part of a comma-separated list of addresses, and the index in the text where it begins. */
export interface AddressPart {
  readonly text: string;
  readonly offset: number;
}

/** Splits `a:1, b:2` at the commas; an empty part (`a:1,,b:2`) is kept, so that the caller can refuse it. */
export function splitAddresses(text: string): readonly AddressPart[] {
  const parts: AddressPart[] = [];
  let offset = 0;
  for (const part of text.split(",")) {
    const blank = part.length - part.trimStart().length;
    parts.push({ text: part.trim(), offset: offset + (part.trim() === "" ? 0 : blank) });
    offset += part.length + 1;
  }
  return parts;
}
