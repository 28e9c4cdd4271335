// Broker addresses as the config writes them: `host:port`, IPv6 in brackets. It checks the form and looks no name
// up; what cannot be an address is refused with a sentence that says what to write.

/** A broker's address; an IPv6 host stands without its brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address in `text`, or what was expected in its place. */
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

/** One part of a comma-separated list of addresses and where in the text it begins. */
export interface AddressPart {
  readonly text: string;
  readonly offset: number;
}

/** Cuts `a:1, b:2` into its parts; an empty part (`a:1,,b:2`) is kept, to be refused. */
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
