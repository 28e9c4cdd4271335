// Tokens for OAUTHBEARER: read from a file that another program keeps fresh, or requested from a token endpoint with
// the client credentials grant (RFC 6749, section 4.4). It never looks into a token and never shows it; of an
// endpoint's answer only the standard's error code appears in a message.

import type {
  ClientCredentialsSaslConfig,
  SaslConfig,
  TokenFileSaslConfig,
} from "../config/migration_config.ts";
import { innermostMessage } from "../model/error_message.ts";
import { createSecret, reveal, type Secret } from "../config/secrets.ts";
import { tlsTroubleOf } from "./tls_reason.ts";

/** Where a cluster's connections get their tokens. */
export interface TokenSource {
  /** A token that is valid for a while. @throws {TokenError} */
  token(): Promise<Secret>;
  /** Forgets the last token, because it was refused. */
  discard(): void;
}

/** No token could be obtained; `message` says why, without an address or a secret. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** Whether a later try is useless, because the endpoint knows the client and refuses it. */
  readonly final: boolean;

  constructor(message: string, final = false) {
    super(message);
    this.final = final;
  }
}

/** What a token source depends on; the defaults are those of production. */
export interface TokenSourceOptions {
  /** Further PEM authorities that may have signed the endpoint's certificate. */
  readonly ca?: string;
  readonly signal?: AbortSignal;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
  readonly timeoutMs?: number;
}

/** The token source of a config; undefined if the config needs no tokens. */
export function createTokenSource(
  sasl: SaslConfig | undefined,
  options: TokenSourceOptions = {},
): TokenSource | undefined {
  if (sasl?.mechanism !== "OAUTHBEARER") return undefined;
  return "tokenFile" in sasl ? fileSource(sasl) : endpointSource(sasl, options);
}

/** The characters of a bearer token (RFC 6750, section 2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MOST_TOKEN_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;
/** A token is used for this part of its lifetime. */
const TOKEN_USED = 0.8;
/** The lifetime of a token if the endpoint does not tell it. */
const UNKNOWN_LIFETIME_S = 60;

/** Reads the file at every login; the program that keeps it fresh replaces the whole file. */
function fileSource({ tokenFile }: TokenFileSaslConfig): TokenSource {
  return {
    async token() {
      let text: string;
      try {
        text = (await Deno.readTextFile(tokenFile)).trim();
      } catch {
        throw new TokenError(`file ${tokenFile} can't be read`);
      }
      if (text.length > MOST_TOKEN_BYTES || !TOKEN.test(text)) {
        throw new TokenError(`file ${tokenFile} holds no token`);
      }
      return createSecret(text);
    },
    discard() {},
  };
}

function endpointSource(
  config: ClientCredentialsSaslConfig,
  { ca, signal, now = () => performance.now(), timeoutMs = TIMEOUT_MS }: TokenSourceOptions,
): TokenSource {
  let current: Secret | undefined;
  let useUntil = 0;
  let asking: Promise<Secret> | undefined;

  async function ask(): Promise<Secret> {
    const asked = now();
    const timeout = AbortSignal.timeout(timeoutMs);
    const { token, lifetimeS } = await requestToken(
      config,
      ca,
      signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    );
    current = token;
    useUntil = asked + lifetimeS * 1000 * TOKEN_USED;
    return token;
  }

  return {
    async token() {
      if (current !== undefined && now() < useUntil) return current;
      // Many connections may open at once: one request serves all of them.
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return await asking;
    },
    discard() {
      current = undefined;
    },
  };
}

async function requestToken(
  { tokenEndpoint, clientId, clientSecret, scope }: ClientCredentialsSaslConfig,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly token: Secret; readonly lifetimeS: number }> {
  const { origin, pathname } = new URL(tokenEndpoint);
  const fail = (what: string, final = false): never => {
    throw new TokenError(`token endpoint ${origin}${pathname} ${what}`, final);
  };
  using client = Deno.createHttpClient(ca === undefined ? {} : { caCerts: [ca] });
  let status: number;
  let text: string;
  try {
    const response = await fetch(tokenEndpoint, {
      client,
      method: "POST",
      // The secret is meant for the endpoint in the config, not for one that it redirects to.
      redirect: "manual",
      headers: {
        accept: "application/json",
        authorization: `Basic ${basicCredentials(clientId, reveal(clientSecret))}`,
      },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        ...(scope !== undefined && { scope }),
      }),
      signal,
    });
    status = response.status;
    text = await readAtMost(response, MOST_TOKEN_BYTES);
  } catch (error) {
    const timedOut = signal.aborted || (error instanceof Error && error.name === "TimeoutError");
    return fail(timedOut ? "did not answer in time" : `could not be asked: ${reasonOf(error)}`);
  }
  const answer = parseAnswer(text);
  if (status !== 200) {
    const code = answer.error === undefined ? "" : ` (${answer.error})`;
    return fail(`answered ${status}${code}`, status === 400 || status === 401 || status === 403);
  }
  const { token, lifetimeS = UNKNOWN_LIFETIME_S } = answer;
  if (token === undefined) return fail("answered without a token");
  return { token, lifetimeS };
}

/** RFC 6749, section 2.3.1: both parts form-encoded, then base64. */
function basicCredentials(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  return btoa(`${encode(clientId)}:${encode(clientSecret)}`);
}

async function readAtMost(response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > most) throw new Error("its answer is too long");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

interface Answer {
  readonly token?: Secret;
  readonly lifetimeS?: number;
  readonly error?: string;
}

function parseAnswer(text: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  const { access_token: token, expires_in: expires, error } = Object(value);
  const lifetimeS = Number(expires);
  return {
    ...(typeof token === "string" && TOKEN.test(token) && { token: createSecret(token) }),
    ...(lifetimeS > 0 && Number.isFinite(lifetimeS) && { lifetimeS }),
    ...(typeof error === "string" && /^[a-z_]{1,40}$/.test(error) && { error }),
  };
}

/** The innermost cause, the only informative one; causes hold addresses and certificates, never what was sent. */
function reasonOf(error: unknown): string {
  const text = innermostMessage(error).split("\n", 1)[0]?.slice(0, 200) ?? "";
  const certificate = /invalid peer certificate/.test(text)
    ? tlsTroubleOf(text, { clientCertificate: false })
    : undefined;
  return certificate?.reason ?? text;
}
