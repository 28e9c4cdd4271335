// What a configuration is loaded with in these tests: a few variables and files, none of them real.

import assert from "node:assert/strict";
import { formatProblems } from "../../../lib/config/config_problem.ts";
import { type ConfigSources, loadConfig } from "../../../lib/config/load_config.ts";
import type { MigrationConfig } from "../../../lib/config/schema.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

export const FILES: Readonly<Record<string, string>> = {
  "ca.pem": CERTIFICATE,
  "client.pem": CERTIFICATE,
  "client.key": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
  "encrypted.key":
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n",
  "token": "a-token\n",
  "password": "from file\r\nsecond line\n",
  "empty": "\n",
};

const VARIABLES: Readonly<Record<string, string>> = {
  SOURCE_PASSWORD: "from environment",
  EMPTY: "",
};

export const SOURCES: ConfigSources = {
  file: "migration.yaml",
  env: (name) => VARIABLES[name],
  readFile(path) {
    const text = FILES[path];
    if (text !== undefined) return new TextEncoder().encode(text);
    throw Object.assign(new Error(`open ${path}`), { code: "ENOENT" });
  },
  decryptKey: (_, passphrase) => passphrase === "open sesame" ? FILES["client.key"] : undefined,
};

/** The problems of a wrong configuration as the operator sees them; empty where there is none. */
export function problemsOf(text: string | Uint8Array, sources = SOURCES): string {
  const loaded = loadConfig(text, sources);
  return loaded.ok ? "" : formatProblems(loaded.problems, text);
}

/** Compares what is shown for each text, a line break before and after it. */
export function assertProblems(table: readonly (readonly [string, string])[]): void {
  for (const [text, shown] of table) assert.equal(`\n${problemsOf(text)}\n`, shown);
}

/** The configuration in a text that is right. */
export function configOf(text: string | Uint8Array): MigrationConfig {
  const loaded = loadConfig(text, SOURCES);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, text));
  return loaded.config;
}

/** A whole configuration around what stands under `source` and at the top. */
export function around(source: string, top = ""): string {
  return `checkFlag: 0
source:
  bootstrapServers: kafka1:9092
${source}target: { bootstrapServers: kafka2:9092 }
${top}`;
}

/** A whole configuration around the line with the password. */
export function withPassword(line: string): string {
  return around(`  sasl:
    mechanism: PLAIN
    username: mover
    ${line}
`);
}

/** The same, the credentials in braces. */
export function withPasswordInBraces(password: string): string {
  return around(`  sasl: {mechanism: PLAIN, password: ${password}, username: mover}\n`);
}
