/**
 * A token endpoint on loopback that gives out unsigned JSON web tokens, which Kafka's default validator for
 * OAUTHBEARER takes (RFC 6749 section 4.4, RFC 7519 section 6). Refuses clients it does not know, as the standard has it.
 */

/** What it is started with. */
export interface TokenEndpointOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** How long its tokens are valid, seconds; an hour unless told. */
  readonly lifetimeS?: number;
  /** Who the tokens are about: the Kafka principal. `mover` unless told. */
  readonly subject?: string;
  /** PEM texts that make it speak https. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Answers in place of the usual one. */
  readonly answer?: (request: Request) => Response | Promise<Response> | undefined;
}

/** A running endpoint. */
export interface TokenEndpoint extends AsyncDisposable {
  readonly url: string;
  /** Forms it was sent by clients it knows. */
  readonly forms: readonly Readonly<Record<string, string>>[];
  /** Everything that must not be written down: tokens given out. */
  readonly tokens: readonly string[];
}

/** @returns an unsigned token that is valid for `lifetimeS` seconds from now */
export function unsignedToken(subject: string, lifetimeS: number): string {
  // Not in whole seconds (RFC 7519, NumericDate): nearly one would be missing.
  const now = Date.now() / 1000;
  const encode = (part: object) =>
    new TextEncoder().encode(JSON.stringify(part))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  const id = crypto.randomUUID();
  return `${encode({ alg: "none" })}.${
    encode({ sub: subject, iat: now, exp: now + lifetimeS, jti: id })
  }.`;
}

/** Starts an endpoint. */
export function startTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { clientId, clientSecret, lifetimeS = 3600, subject = "mover", tls, answer } = options;
  const encode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  const expected = `Basic ${btoa(`${encode(clientId)}:${encode(clientSecret)}`)}`;
  const forms: Readonly<Record<string, string>>[] = [];
  const tokens: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined, ...tls },
    async (request) => {
      const odd = await answer?.(request);
      if (odd !== undefined) return odd;
      if (request.headers.get("authorization") !== expected) {
        return Response.json({ error: "invalid_client", error_description: clientSecret }, {
          status: 401,
        });
      }
      forms.push(Object.fromEntries(new URLSearchParams(await request.text())));
      const token = unsignedToken(subject, lifetimeS);
      tokens.push(token);
      return Response.json({ access_token: token, token_type: "Bearer", expires_in: lifetimeS });
    },
  );
  return {
    url: `http${tls ? "s" : ""}://127.0.0.1:${server.addr.port}/token`,
    forms,
    tokens,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
