import { around, assertProblems, withPassword, withPasswordInBraces } from "./fixtures.ts";

Deno.test("a secret that YAML misreads is refused and never shown", () => {
  assertProblems([
    [
      withPassword("password: 12345"),
      `
migration.yaml:7:15: source.sasl.password is read as a number, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 0x1F"),
      `
migration.yaml:7:15: source.sasl.password is read as a number, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: true"),
      `
migration.yaml:7:15: source.sasl.password is read as true, false or null, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: ~"),
      `
migration.yaml:7:15: source.sasl.password is read as true, false or null, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password:"),
      `
migration.yaml:7:5: source.sasl.password is empty, expected a value
      password:
      ^
`,
    ],
    [
      withPassword("password: ''"),
      `
migration.yaml:7:15: source.sasl.password is empty, expected a value
      password: ***
                ^
`,
    ],
    [
      withPassword("password: secret #1"),
      `
migration.yaml:7:15: source.sasl.password is cut at # (a comment in YAML), expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: #secret"),
      `
migration.yaml:7:5: source.sasl.password is read as a comment, expected it in single quotes
      password: ***
      ^
`,
    ],
    [
      withPassword("password: !secret"),
      `
migration.yaml:7:15: source.sasl.password is read as a YAML tag, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: &secret"),
      `
migration.yaml:7:15: source.sasl.password is read as a YAML anchor, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: *secret"),
      `
migration.yaml:7:15: source.sasl.password is read as a YAML alias, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: @secret"),
      `
migration.yaml:7:15: source.sasl.password is not valid YAML as it stands, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: `secret"),
      `
migration.yaml:7:15: source.sasl.password is not valid YAML as it stands, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: %secret"),
      `
migration.yaml:7:15: source.sasl.password is not valid YAML as it stands, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: ,secret"),
      `
migration.yaml:7:15: source.sasl.password is not valid YAML as it stands, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: {secret}"),
      `
migration.yaml:7:15: source.sasl.password is read as a list or mapping, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: {secret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: [secret]"),
      `
migration.yaml:7:15: source.sasl.password is read as a list or mapping, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: se: cret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 'se'cret'"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 'secret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword('password: "se\\cret"'),
      `
migration.yaml:7:15: source.sasl.password is not valid YAML as it stands, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword('password: "se\\ncret"'),
      `
migration.yaml:7:15: source.sasl.password holds a line break or NUL, expected one line
      password: ***
                ^
`,
    ],
    [
      withPassword("password: |\n      secret"),
      `
migration.yaml:7:15: source.sasl.password is a YAML block, expected one line in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: se\n      cret"),
      `
migration.yaml:7:15: source.sasl.password continues on the next line, expected one line in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: - secret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: }secret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: ${NOT_SET} # set by systemd"),
      `
migration.yaml:7:15: source.sasl.password: environment variable NOT_SET is not set, expected the secret in it
      password: \${NOT_SET} # set by systemd
                ^
`,
    ],
    [
      withPassword("password: ${EMPTY}"),
      `
migration.yaml:7:15: source.sasl.password: environment variable EMPTY is empty or not one line, expected the secret in it
      password: \${EMPTY}
                ^
`,
    ],
    [
      withPassword("passwordFile: none"),
      `
migration.yaml:7:19: source.sasl.passwordFile: file none does not exist (relative paths start at the config's folder), expected the password in its first line
      passwordFile: none
                    ^
`,
    ],
    [
      withPassword("passwordFile: empty"),
      `
migration.yaml:7:19: source.sasl.passwordFile: file empty has an empty first line, expected the password in it
      passwordFile: empty
                    ^
`,
    ],
    [
      withPassword("password: 'x'\n    passwordFile: password"),
      `
migration.yaml:8:5: source.sasl has both password and passwordFile, expected one of them
      passwordFile: password
      ^
`,
    ],
    [
      withPassword("pasword: secret"),
      `
migration.yaml:7:5: Unknown key pasword in source.sasl, expected password
      pasword: ***
      ^
`,
    ],
    [
      withPassword("pwd: secret"),
      `
migration.yaml:4:3: source.sasl has neither password nor passwordFile, expected one of them
    sasl:
    ^
migration.yaml:7:5: Unknown key pwd in source.sasl, expected one of mechanism, username, password, passwordFile
      pwd: ***
      ^
`,
    ],
    [
      withPasswordInBraces("se,cret"),
      `
migration.yaml:4:38: source.sasl.password is cut at a comma, expected it in single quotes
    sasl: {mechanism: PLAIN, password: ***, username: mover}
                                       ^
`,
    ],
    [
      withPasswordInBraces("se,cr: et"),
      `
migration.yaml:4:38: source.sasl.password is cut at a comma, expected it in single quotes
    sasl: {mechanism: PLAIN, password: ***, username: mover}
                                       ^
`,
    ],
    [
      withPasswordInBraces("se}cret"),
      `
migration.yaml:4:38: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
    sasl: {mechanism: PLAIN, password: ***
                                       ^
`,
    ],
    [
      withPasswordInBraces("${SOURCE_PASSWORD}"),
      `
migration.yaml:4:38: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
    sasl: {mechanism: PLAIN, password: ***
                                       ^
`,
    ],
    [
      withPasswordInBraces("'x', foo: bar"),
      `
migration.yaml:4:38: source.sasl.password is followed by what is no known key, expected the whole value in single quotes
    sasl: {mechanism: PLAIN, password: ***, username: mover}
                                       ^
`,
    ],
    [
      around(
        "  sasl:\n    mechanism: PLAIN\n    password: 'x'\n    username: ckafka-1a2b #mover\n",
      ),
      `
migration.yaml:7:15: source.sasl.username is cut at # (a comment in YAML), expected it in single quotes
      username: ckafka-1a2b #mover
                ^
`,
    ],
    [
      around("  sasl: { mechanism: PLAIN, password: 'x', username: 42 }\n"),
      `
migration.yaml:4:54: source.sasl.username is 42, expected a user name in single quotes
    sasl: { mechanism: PLAIN, password: ***, username: 42 }
                                                       ^
`,
    ],
    [
      around("  sasl: { mechanism: PLAIN, password: 'x', username: u, password: 'secret' }\n"),
      `
migration.yaml:4:57: Key given twice, expected it once (first in line 4)
    sasl: { mechanism: PLAIN, password: ***, username: u, *** }
                                                          ^
`,
    ],
  ]);
});
