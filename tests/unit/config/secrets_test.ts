import assert from "node:assert/strict";
import { inspect } from "node:util";
import fc from "fast-check";
import { createSecret, environmentReference, reveal } from "../../../lib/config/secrets.ts";
import { loadConfig } from "../../../lib/config/load_config.ts";
import { around, problemsOf, SOURCES, withPassword, withPasswordInBraces } from "./fixtures.ts";

Deno.test("a secret shows itself as *** whichever way it is printed", () => {
  const secret = createSecret("hunter2");
  const seen = { a: [secret] };
  const prints = [
    String(secret),
    `${secret}`,
    "" + secret,
    JSON.stringify(seen),
    inspect(seen, { depth: 9, showHidden: true }),
    Deno.inspect(seen, { depth: 9, showHidden: true }),
    Object.entries(secret).join(),
  ];
  for (const print of prints) assert(!print.includes("hunter2"), print);
  assert.equal(JSON.stringify(seen), '{"a":["***"]}');
  assert.equal(Deno.inspect(secret), "***");
  assert.equal(reveal(secret), "hunter2");
});

Deno.test("reveal() refuses what is no secret", () => {
  const copy = { ...createSecret("x") };
  assert.throws(() => reveal(copy), /Cannot reveal/);
});

Deno.test("environmentReference() takes only a whole ${NAME}", () => {
  const table = [["${A_1}", "A_1"], ["${1A}", undefined], ["x${A}", undefined], [
    "${A} ",
    undefined,
  ]];
  for (const [text = "", name] of table) assert.equal(environmentReference(text), name);
});

/** Recognisable among whatever YAML makes of it: the marks stand around every character that may split it. */
const MARKS = ["Qz7x", "Xv9k", "Wj3q"] as const;
const specials = fc.stringMatching(/^[ #:,'"{}[\]&*!|>@`%$?\\\n-]{0,4}$/);
const secrets = fc.tuple(specials, specials, specials, specials).map(([a, b, c, d]) =>
  `${a}${MARKS[0]}${b}${MARKS[1]}${c}${MARKS[2]}${d}`
);

const KEYS = fc.constantFrom(
  "password",
  "pasword",
  "sasl.password",
  "sasl.jaas.config",
  "passphrase",
  "clientSecret",
  "client_secret",
  "pwd",
);

function assertHidden(text: string): void {
  const loaded = loadConfig(text, SOURCES);
  const shown = problemsOf(text);
  const printed = loaded.ok
    ? Deno.inspect(loaded.config, { depth: 9 }) + JSON.stringify(loaded)
    : "";
  for (const mark of MARKS) {
    assert(!shown.includes(mark), shown);
    assert(!printed.includes(mark), printed);
  }
}

Deno.test("no secret is ever in a message or a config printed, however it is written", () => {
  fc.assert(
    fc.property(KEYS, secrets, fc.boolean(), (key, secret, wrong) => {
      const line = `${key}: ${secret.replaceAll("\n", "\n      ")}`;
      const text = withPassword(line) + (wrong ? "nonsense: 1\n" : "");
      assertHidden(text);
      assertHidden(text.replaceAll("\n", "\r\n"));
    }),
    { numRuns: 500 },
  );
});

Deno.test("no secret in braces or quotes is ever in a message or a config printed", () => {
  const quoted = secrets.chain((secret) =>
    fc.constantFrom(secret, `'${secret}'`, `"${secret}"`, JSON.stringify(secret))
  );
  fc.assert(
    fc.property(quoted, fc.constantFrom("", "nonsense: 1\n", "nonsense: {\n"), (secret, wrong) => {
      assertHidden(withPasswordInBraces(secret.replaceAll("\n", " ")) + wrong);
      assertHidden(withPassword(`password: ${secret.replaceAll("\n", "\n      ")}`) + wrong);
    }),
    { numRuns: 500 },
  );
});

Deno.test("pieces of a password that YAML takes for something else are not shown", () => {
  const texts = [
    withPasswordInBraces("} #Qz7x"),
    withPasswordInBraces("a,*Qz7x"),
    withPasswordInBraces("*a,&Qz7x"),
    withPasswordInBraces('"a",\\Qz7x:""'),
    withPasswordInBraces("'a', password: 'Qz7x'"),
    withPassword("password: 'a'\n    username: u\n    password: Qz7x"),
    withPassword("password: }a\n      Qz7x"),
    withPassword('password: "\n      a"\n      Qz7x"'),
  ];
  for (const text of texts) assertHidden(text);
});

Deno.test("secrets from the environment and from files are not shown either", () => {
  fc.assert(fc.property(secrets, (secret) => {
    const sources = {
      ...SOURCES,
      env: () => secret,
      readFile: () => new TextEncoder().encode(secret),
    };
    for (const line of ["password: '${ANY}'", "passwordFile: any"]) {
      const text = withPassword(line);
      const loaded = loadConfig(text, sources);
      const shown = problemsOf(text + "nonsense: 1\n", sources) +
        Deno.inspect(loaded, { depth: 9 }) +
        JSON.stringify(loaded);
      for (const mark of MARKS) assert(!shown.includes(mark), shown);
    }
  }));
});

Deno.test("credentials inside an address or URL are not shown", () => {
  const places = [
    "  bootstrap: u:Qz7x@kafka:1\n",
    "  addresses: {'a:1': 'u:Qz7x@b:1'}\n",
    "  tls: 'https://u:Qz7x@b'\n",
    "  sasl: Qz7x\n",
    "  sasl: {mechanism: 'u:Qz7x@b', username: u, password: 'x'}\n",
  ];
  for (const place of places) {
    const shown = problemsOf(around(place));
    assert.notEqual(shown, "");
    assert(!shown.includes("Qz7x"), shown);
  }
  const list = around("").replace("kafka1:9092", "[kafka1:1, 'u:Qz7x@b:1']");
  assert(!problemsOf(list).includes("Qz7x"));
});
