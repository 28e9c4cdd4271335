import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearestName } from "../../../lib/config/known_names.ts";

const SIBLINGS = ["bootstrapServers", "addresses", "tls", "sasl"];

Deno.test("nearestName() knows other spellings, other clients, other places and slips", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["bootstrap.servers", "bootstrapServers"],
    ["bootstrap_servers", "bootstrapServers"],
    ["BOOTSTRAPSERVERS", "bootstrapServers"],
    ["metadata.broker.list", "bootstrapServers"],
    ["bootstrapServer", "bootstrapServers"],
    ["bootsrtapServers", "bootstrapServers"],
    ["securityProtocol", "tls and sasl"],
    ["security.protocol", "tls and sasl"],
    ["sasl.mechanism", "mechanism under sasl"],
    ["sasl.jaas.config", "username and password under sasl"],
    ["ssl.truststore.location", "ca under tls (a PEM file)"],
    ["ssl", "tls"],
    ["group.id", "include under groups"],
    ["giveUpAfter", "giveUpAfter under limits"],
    ["adresses", "addresses"],
    ["nonsense", undefined],
    ["constructor", undefined],
    ["", undefined],
  ];
  for (const [unknown, expected] of table) {
    assert.equal(
      nearestName(unknown, SIBLINGS, unknown === "giveUpAfter" ? ["limits.giveUpAfter"] : []),
      expected,
    );
  }
});

Deno.test("nearestName() takes a name of the same mapping before any other meaning of it", () => {
  assert.equal(nearestName("server_name", ["ca", "serverName"], []), "serverName");
});

Deno.test("editDistance() is a distance that counts a swap once", () => {
  assert.equal(editDistance("tsl", "tls"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
  const word = fc.string({ maxLength: 8 });
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
  }));
});
