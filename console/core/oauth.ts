// OAuth 2.1 as a public client: the authorization code with PKCE. What is decided here is pure; who asks is `gateway/session`.

/** The console's id, and the page its answer comes back to. */
export const CLIENT = "gateway-console";
export const CALLBACK = "/console/callback";

/** What signing in may ask for: to look, and to change things too. */
export const LOOK = "admin:read tools:read";
export const WORK = "admin:read admin:write tools:call tools:read";

/** What of the authorization server's description is used (RFC 8414). */
export type Server = {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly revocation_endpoint: string;
};

/** What is remembered while the person is away. */
export type Pending = { readonly state: string; readonly verifier: string; readonly back: string };

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** 256 random bits as text. */
export const random = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** The challenge of a verifier (RFC 7636 section 4.2, `S256`). */
export async function challenge(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** Where the person is sent. */
export async function request(server: Server, pending: Pending, scope: string, origin: string): Promise<string> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT,
    redirect_uri: origin + CALLBACK,
    scope,
    state: pending.state,
    code_challenge: await challenge(pending.verifier),
    code_challenge_method: "S256",
  });
  return `${server.authorization_endpoint}?${query}`;
}

/** What came back: a code to be redeemed, or why there is none. */
export type Answer = { readonly code: string } | { readonly refused: string };

/** Judges what the person came back with. An answer to another request, or of another issuer, is none (RFC 9207). */
export function answer(query: string, pending: Pending | undefined, issuer: string): Answer {
  const found = new URLSearchParams(query);
  if (pending === undefined || found.get("state") !== pending.state) {
    return { refused: "The answer does not belong to a sign-in that was begun in this tab. Sign in again." };
  }
  if (found.get("iss") !== issuer) return { refused: "The answer is not of this gateway. Sign in again." };
  const code = found.get("code");
  if (code !== null && code !== "") return { code };
  return {
    refused: found.get("error") === "access_denied" ? "Access was denied." : "The gateway refused to sign you in.",
  };
}

/** The place to go back to: one of the console's own, whatever was remembered. */
export const place = (back: string): string => (/^#\/[\w/?=&%.~+:-]*$/.test(back) ? back : "#/");
