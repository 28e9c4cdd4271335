/** addresses.ts: what is dialled for an advertised address. */

import assert from "node:assert/strict";
import { dialledAddress, requireAddress } from "../../../lib/wire/addresses.ts";

Deno.test("an advertised address is dialled as the table says, else as it stands", () => {
  const addresses = new Map([
    ["10.0.0.1:9092", "192.168.9.4:6001"],
    ["[2001:db8::1]:9092", "[::1]:6002"],
  ]);
  const cases = [
    ["10.0.0.1:9092", { host: "192.168.9.4", port: 6001 }],
    ["10.0.0.1:9093", { host: "10.0.0.1", port: 9093 }],
    ["[2001:db8::1]:9092", { host: "::1", port: 6002 }],
    ["kafka.example.com:9092", { host: "kafka.example.com", port: 9092 }],
  ] as const;
  for (const [advertised, dialled] of cases) {
    assert.deepEqual(dialledAddress(requireAddress(advertised), addresses), dialled);
  }
});

Deno.test("what is no address is a programming error", () => {
  assert.throws(() => requireAddress("nowhere"), /Cannot read the address nowhere: expected /);
});
