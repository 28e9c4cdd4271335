// Values that the configuration names but does not contain: environment variables, password files, PEM files. They are read
// through callbacks; neither their content nor the text of a read error ever appears in a message.

import { escapeName } from "../model/escape_name.ts";
import { formatPath, type LocatedProblem, valueAt } from "./located_problem.ts";
import { isSecretPath } from "./secret_source.ts";
import { createSecret, environmentReference, reveal, type Secret } from "./secrets.ts";
import { type Path, pathKey } from "./yaml_source.ts";

/** Where outside values come from. */
export interface Outside {
  /** An environment variable, undefined where it is not set. */
  readonly env: (name: string) => string | undefined;
  /** Reads a file; a relative path starts in the config's folder. Throws where the file cannot be read. */
  readonly readFile: (path: string) => Uint8Array;
  /** Decrypts a private key, PEM to PEM; undefined where the passphrase is wrong. */
  readonly decryptKey: (pem: string, passphrase: string) => string | undefined;
}

/** Outside values, by the path (as a map key) of the config key that names them. */
export interface OutsideValues {
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly texts: ReadonlyMap<string, string>;
  /** Paths, for people, of the secrets that are written in the configuration itself. */
  readonly literalSecrets: readonly string[];
  readonly problems: readonly LocatedProblem[];
}

/**
 * Resolves the secrets and reads the files that the values at these paths name.
 *
 * @param paths the places of the configuration whose values YAML has read as the operator meant them.
 */
export function readOutsideValues(
  content: unknown,
  paths: readonly Path[],
  outside: Outside,
): OutsideValues {
  const secrets = new Map<string, Secret>();
  const texts = new Map<string, string>();
  const literalSecrets: string[] = [];
  const problems: LocatedProblem[] = [];
  for (const path of paths) {
    const written = valueAt(content, path);
    if (typeof written !== "string" || written === "") continue;
    const refuse = (message: string) => problems.push({ path, at: "value", message });
    const keep = (result: Result, into: (value: string) => void) =>
      "problem" in result ? refuse(`${formatPath(path)}: ${result.problem}`) : into(result.value);
    const setting = path.slice(1).join(".");
    if (isSecretPath(path)) {
      if (environmentReference(written) === undefined) literalSecrets.push(formatPath(path));
      keep(settleSecret(written, outside), (value) => {
        secrets.set(pathKey(path), createSecret(value));
      });
    } else if (setting === "sasl.passwordFile") {
      keep(readPassword(written, outside), (value) => {
        secrets.set(pathKey(path), createSecret(value));
      });
    } else if (setting === "tls.key") {
      keep(readPem(written, KEY, "private key", outside), (value) => {
        secrets.set(pathKey(path), createSecret(value));
      });
    } else if (setting === "sasl.tokenFile") {
      // The token is read again at every login; reading it here only reports a problem early.
      keep(readText(written, "a token", outside), () => {});
    } else if (setting === "tls.ca" || setting === "tls.cert") {
      keep(readPem(written, CERTIFICATE, "certificate", outside), (value) => {
        texts.set(pathKey(path), value);
      });
    }
  }
  for (const path of paths) {
    if (path.slice(1).join(".") !== "tls.key") continue;
    const problem = openKey(path, content, secrets, outside);
    if (problem !== undefined) problems.push(problem);
  }
  return { secrets, texts, literalSecrets, problems };
}

/** Replaces an encrypted key by the decrypted one. @returns why it could not be decrypted */
function openKey(
  path: Path,
  content: unknown,
  secrets: Map<string, Secret>,
  { decryptKey }: Outside,
): LocatedProblem | undefined {
  const key = secrets.get(pathKey(path));
  if (key === undefined || !ENCRYPTED.test(reveal(key))) return undefined;
  const file = `${formatPath(path)}: ${named(String(valueAt(content, path)))}`;
  const passphrasePath = [...path.slice(0, -1), "passphrase"];
  if (valueAt(content, passphrasePath) === undefined) {
    return {
      path,
      at: "value",
      message: `${file} is encrypted, expected tls.passphrase beside it`,
    };
  }
  const passphrase = secrets.get(pathKey(passphrasePath));
  // A passphrase that is written wrongly has been reported already.
  if (passphrase === undefined) return undefined;
  const opened = decryptKey(reveal(key), reveal(passphrase));
  if (opened !== undefined) {
    secrets.set(pathKey(path), createSecret(opened));
    return undefined;
  }
  const message =
    `${file} is not opened by tls.passphrase, expected its passphrase and PKCS#8 with AES (openssl pkcs8 -topk8 -v2 aes-256-cbc)`;
  return { path, at: "value", message };
}

type Result = { readonly value: string } | { readonly problem: string };

function settleSecret(written: string, { env }: Outside): Result {
  const name = environmentReference(written);
  if (name === undefined) return { value: written };
  const value = env(name);
  if (value === undefined) {
    return { problem: `environment variable ${name} is not set, expected the secret in it` };
  }
  return value === "" || /[\0\r\n]/.test(value)
    ? {
      problem: `environment variable ${name} is empty or not one line, expected the secret in it`,
    }
    : { value };
}

function readPassword(path: string, outside: Outside): Result {
  const file = readText(path, "the password in its first line", outside);
  if ("problem" in file) return file;
  const value = /^[^\r\n]*/.exec(file.value)?.[0] ?? "";
  return value === "" || value.includes("\0")
    ? { problem: `${named(path)} has an empty first line, expected the password in it` }
    : { value };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;
const KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^]+-----END ([A-Z]+ )?PRIVATE KEY-----/;
const ENCRYPTED = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/;

function readPem(path: string, form: RegExp, what: string, outside: Outside): Result {
  const file = readText(path, `a ${what} in PEM form`, outside);
  if ("problem" in file || form.test(file.value)) return file;
  return { problem: `${named(path)} holds no ${what} in PEM form, expected -----BEGIN …` };
}

function readText(path: string, expected: string, { readFile }: Outside): Result {
  let bytes: Uint8Array;
  try {
    bytes = readFile(path);
  } catch (error) {
    return { problem: `${named(path)} ${reasonOf(error)}, expected ${expected}` };
  }
  try {
    return { value: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { problem: `${named(path)} is not text, expected ${expected}` };
  }
}

function named(path: string): string {
  return `file ${escapeName(path)}`;
}

/** Words for Deno's error names and Node's codes; general words for any other error. */
function reasonOf(error: unknown): string {
  const { name, code } = error instanceof Error
    ? error as Error & { readonly code?: string }
    : { name: "", code: "" };
  if (name === "NotFound" || code === "ENOENT") {
    return "does not exist (relative paths start at the config's folder)";
  }
  if (["PermissionDenied", "NotCapable"].includes(name) || code === "EACCES") {
    return "may not be read";
  }
  if (name === "IsADirectory" || code === "EISDIR") return "is a folder";
  return "can't be read";
}
