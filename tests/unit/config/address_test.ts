import assert from "node:assert/strict";
import { formatAddress, parseAddress, splitAddresses } from "../../../lib/config/address.ts";

Deno.test("parseAddress() reads names, IPv4 and bracketed IPv6, and formatAddress() writes them back", () => {
  const table: readonly (readonly [string, string, number])[] = [
    ["localhost:9092", "localhost", 9092],
    ["10.0.0.1:1", "10.0.0.1", 1],
    ["broker_1.example-a.com:65535", "broker_1.example-a.com", 65535],
    ["[::1]:9092", "::1", 9092],
    ["[fe80::1%eth0]:9092", "fe80::1%eth0", 9092],
    ["bücher.example:9092", "bücher.example", 9092],
  ];
  for (const [text, host, port] of table) {
    assert.deepEqual(parseAddress(text), { host, port });
    assert.equal(formatAddress({ host, port }), text);
  }
});

Deno.test("parseAddress() says what it expected in place of anything else", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", "host:port"],
    ["localhost", "host:port"],
    ["[::1]", "host:port"],
    [":9092", "host:port, the host a name or an address"],
    ["a b:9092", "host:port, the host a name or an address"],
    ["-a:9092", "host:port, the host a name or an address"],
    ["::1:9092", "host:port, an IPv6 address in brackets"],
    ["[::zz]:9092", "host:port, an IPv6 address in brackets"],
    ["[]:9092", "host:port, an IPv6 address in brackets"],
    ["a:0", "host:port, the port from 1 to 65535"],
    ["a:65536", "host:port, the port from 1 to 65535"],
    ["a:+1", "host:port, the port from 1 to 65535"],
    ["a:", "host:port, the port from 1 to 65535"],
    ["kafka://a:1", "host:port without a protocol"],
    ["u@a:1", "host:port; user name and password go under sasl"],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseAddress(text), { expected }, text);
});

Deno.test("splitAddresses() keeps where each part begins, and empty parts", () => {
  assert.deepEqual(splitAddresses("a:1, b:2,,c:3 "), [
    { text: "a:1", offset: 0 },
    { text: "b:2", offset: 5 },
    { text: "", offset: 9 },
    { text: "c:3", offset: 10 },
  ]);
});
