// What anchors, aliases and merge keys of YAML come to, and what is said where they go wrong.

import assert from "node:assert/strict";
import fc from "fast-check";
import settings from "../../../docs/settings.md" with { type: "text" };
import { reveal, type Secret } from "../../../lib/config/secrets.ts";
import { around, assertProblems, configOf, problemsOf } from "./fixtures.ts";

/** A whole configuration with these lines under the source and under the target. */
function both(source: string, target: string): string {
  return `checkFlag: 0
source:
  bootstrapServers: kafka1:9092
${source}target:
  bootstrapServers: kafka2:9092
${target}`;
}

function passwordOf({ sasl }: ReturnType<typeof configOf>["source"]): string {
  const { password } = sasl as { readonly password: Secret };
  return reveal(password);
}

Deno.test("source and target share tls and sasl by an alias", () => {
  const { source, target } = configOf(both(
    `  tls: &tls {ca: ca.pem, verifyHostname: false}
  sasl: &login
    mechanism: PLAIN
    username: mover
    password: 'pass&*word'
`,
    "  tls: *tls\n  sasl: *login\n",
  ));
  assert.deepEqual(target.tls, source.tls);
  assert.equal(source.tls?.verifyHostname, false);
  assert.deepEqual([source, target].map(passwordOf), ["pass&*word", "pass&*word"]);
});

Deno.test("a merge key brings what a mapping does not have itself, wherever it stands; of several the first counts", () => {
  const login = "  sasl: &login {mechanism: PLAIN, username: one, password: 'p'}\n";
  for (
    const sasl of [
      "{<<: *login, username: two}",
      "{username: two, <<: *login}",
      "{<<: [{username: two}, *login]}",
      "{<<: {<<: *login, username: two}}",
      "{<<: [{<<: [{username: two}]}, *login]}",
    ]
  ) {
    const { source, target } = configOf(both(login, `  sasl: ${sasl}\n`));
    assert.deepEqual(
      [source.sasl, target.sasl].map((each) => each && "username" in each && each.username),
      [
        "one",
        "two",
      ],
    );
    assert.equal(passwordOf(target), "p");
  }
});

Deno.test("an alias repeats the anchor of its name that stands before it, also where it is repeated itself", () => {
  const { topics, groups, accept } = configOf(around(
    "",
    `topics: {include: &list [&x a, *x]}
groups: {include: [&x b, *x], exclude: *list}
accept: []
`,
  ));
  assert.deepEqual([topics.include, groups.include, groups.exclude, accept], [
    ["a", "a"],
    ["b", "b"],
    ["a", "a"],
    [],
  ]);
});

Deno.test("what is wrong with a shared part is told at its text", () => {
  assertProblems([
    [
      both("  tls: &tls {ca: no.pem}\n", "  tls: *tls\n"),
      `
migration.yaml:4:18: source.tls.ca: file no.pem does not exist (relative paths start at the config's folder), expected a certificate in PEM form
    tls: &tls {ca: no.pem}
                   ^
migration.yaml:4:18: target.tls.ca: file no.pem does not exist (relative paths start at the config's folder), expected a certificate in PEM form
    tls: &tls {ca: no.pem}
                   ^
`,
    ],
    [
      both("  tls: &tls {serverName: s}\n", "  tls: {<<: *tls, caFile: 5}\n"),
      `
migration.yaml:7:19: Unknown key caFile in target.tls, expected one of ca, cert, key, passphrase, serverName, verifyHostname
    tls: {<<: *tls, ***}
                    ^
`.replace("***}", "caFile: ***}"),
    ],
    [
      around("", "limits: &l {giveUpAfter: soon}\ntopics: *l\n"),
      `
migration.yaml:5:13: Unknown key giveUpAfter in topics, expected giveUpAfter under limits
  limits: &l {giveUpAfter: ***}
              ^
migration.yaml:5:26: limits.giveUpAfter is 'soon', expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: &l {giveUpAfter: ***}
                           ^
`,
    ],
  ]);
});

Deno.test("aliases without an anchor, inside themselves, and merge keys without a mapping are refused", () => {
  assertProblems([
    [
      around("  tls: *later\n", "verify: &later count\n"),
      `
migration.yaml:4:8: A value that begins with * is read as a YAML alias, and no anchor (&) of that name stands before it, expected one, or the value in single quotes
    tls: *later
         ^
`,
    ],
    [
      around("", "topics: &t {include: [a], exclude: *t}\n"),
      `
migration.yaml:5:36: YAML alias (*) inside what it repeats, expected it outside
  topics: &t {include: [a], exclude: *t}
                                     ^
`,
    ],
    [
      around("", "topics: &t {<<: *t}\n"),
      `
migration.yaml:5:13: YAML alias (*) inside what it repeats, expected it outside
  topics: &t {***}
              ^
`.replace("{***}", "{<<: ***}"),
    ],
    [
      around("", "limits: {<<: &n 10m}\n"),
      `
migration.yaml:5:10: Merge key (<<) without a mapping, expected the alias of one (<<: *name) or a list of such
  limits: {<<: ***}
           ^
`,
    ],
  ]);
});

Deno.test("a secret is not shared by an alias of its own: what stands there may be the password", () => {
  assertProblems([
    [
      both(
        "  sasl: {mechanism: PLAIN, username: &name mover, password: 'p'}\n",
        "  sasl:\n    mechanism: PLAIN\n    username: *name\n    password: *name\n",
      ),
      `
migration.yaml:10:15: target.sasl.password is read as a YAML alias, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      around("  sasl: {mechanism: PLAIN, username: u, password: &p word}\n"),
      `
migration.yaml:4:51: source.sasl.password is read as a YAML anchor, expected it in single quotes
    sasl: {mechanism: PLAIN, username: u, password: ***}
                                                    ^
`,
    ],
  ]);
});

Deno.test("a secret that is repeated where none belongs is not shown there either", () => {
  const shown = problemsOf(`checkFlag: 0
source:
  bootstrapServers: kafka1:9092
  sasl: {mechanism: PLAIN, username: mover, password: &pw 'S3cretValue'}
target:
  bootstrapServers: *pw
  tls: {ca: *pw}
  sasl: {mechanism: *pw, username: mover, password: 'other'}
topics: {include: [*pw]}
`);
  assert.doesNotMatch(shown, /S3cret/);
  for (const name of ["bootstrapServers", "tls.ca", "sasl.mechanism"]) {
    assert.ok(shown.includes(`target.${name} repeats a secret by a YAML alias`), shown);
  }
});

Deno.test("no secret of a shared or overridden mapping is ever shown", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{8,20}$/).map((text) => `Zq${text}`);
  const wrong = fc.constantFrom("", "unknown: 1", "mechanism: PLAN", "tokenFile: x");
  fc.assert(fc.property(secret, secret, wrong, fc.boolean(), (one, two, more, inline) => {
    const shared = `{mechanism: PLAIN, username: u, password: '${one}', ${more}}`;
    const merged = inline ? `{mechanism: PLAIN, password: '${one}'}` : "*login";
    const text = both(
      `  sasl: &login ${shared}\n`,
      `  sasl: {<<: ${merged}, password: '${two}', ${more}}\nx: *login\n`,
    );
    const shown = problemsOf(text);
    assert.notEqual(shown, "");
    assert.ok(!shown.includes(one) && !shown.includes(two), shown);
  }));
});

Deno.test("aliases that repeat themselves into billions are refused at once, in one sentence", () => {
  const laughs = Array.from(
    { length: 12 },
    (_, level) =>
      `a${level}: &a${level} [${Array(9).fill(level === 0 ? "x" : `*a${level - 1}`).join(", ")}]\n`,
  ).join("");
  const merges = Array.from(
    { length: 12 },
    (_, level) =>
      `b${level}: &b${level} {<<: [${
        Array(9).fill(level === 0 ? "{k: x}" : `*b${level - 1}`).join(", ")
      }], l: [${Array(9).fill(level === 0 ? "x" : `*b${level - 1}`).join(", ")}]}\n`,
  ).join("");
  const flat = `l: &l [${Array(100_000).fill("x").join(",")}]\nm: [${
    Array(50_000).fill("*l").join(",")
  }]\n`;
  for (const top of [laughs, merges, flat]) {
    const started = performance.now();
    const shown = problemsOf(around("", top));
    // A busy machine is given time.
    assert.ok(performance.now() - started < 10_000);
    const said = shown.split("\n").filter((line) =>
      line.includes("YAML aliases (*) repeat more than")
    );
    assert.equal(said.length, 1, shown.slice(0, 2_000));
  }
});

Deno.test("the example of docs/settings.md is a configuration", () => {
  const example = /```yaml\n(checkFlag: 0\n[^`]*<<: [^`]*)```/.exec(settings)?.[1] ?? "";
  const { source, target } = configOf(example);
  assert.deepEqual(target.tls, source.tls);
  assert.deepEqual(
    [source.sasl, target.sasl].map((each) => each && "username" in each && each.username),
    [
      "mover",
      "mover-on-target",
    ],
  );
  assert.equal(passwordOf(target), passwordOf(source));
});
